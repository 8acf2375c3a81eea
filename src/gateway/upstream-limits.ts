import type { Connection } from '../providers/provider.ts'

/** Which of a provider's limits on time ended a call; the one on connecting is kept by its connector. */
export type TimeLimit = 'first-byte' | 'idle' | 'total'

/** The clocks of one call of an upstream. */
export interface CallLimits {
  /** Aborted when a limit is reached, the caller leaves or the call is closed. */
  readonly signal: AbortSignal
  /** The limit that was reached. */
  readonly reached: TimeLimit | undefined
  /** The provider's turn begins: from here its silence counts. */
  awaitProvider(limit: 'first-byte' | 'idle'): void
  /** It said something. While its reader takes time the clock stands still. */
  heard(): void
  /** Stops the clocks; a call whose answer is not whole is cut. */
  close(end: { whole: boolean }): void
}

export function startLimits(connection: Connection, caller: AbortSignal): CallLimits {
  const controller = new AbortController()
  const leave = (): void => controller.abort(caller.reason)
  let reached: TimeLimit | undefined
  let silence: NodeJS.Timeout | undefined
  let lastLook: NodeJS.Immediate | undefined
  const reach = (limit: TimeLimit): void => {
    reached = limit
    controller.abort(new Error(`the limit ${limit} was reached`))
  }
  const heard = (): void => {
    clearTimeout(silence)
    clearImmediate(lastLook)
  }
  const total = setTimeout(reach, connection.timeoutTotalMs, 'total')
  if (caller.aborted) leave()
  else caller.addEventListener('abort', leave, { once: true })
  const ms = { 'first-byte': connection.timeoutFirstByteMs, idle: connection.timeoutIdleMs }

  return {
    signal: controller.signal,
    get reached() {
      return reached
    },
    awaitProvider: (limit) => {
      // What came while this process was busy is read before it counts as silence.
      const look = (): void => void (lastLook = setImmediate(reach, limit))
      silence = setTimeout(look, ms[limit])
    },
    heard,
    close: ({ whole }) => {
      clearTimeout(total)
      heard()
      caller.removeEventListener('abort', leave)
      if (!whole) controller.abort()
    },
  }
}

/** The pieces of a body, each of which the provider must send within its idle limit. */
export async function* pieces(
  body: AsyncIterable<Uint8Array>,
  limits: CallLimits,
): AsyncGenerator<Uint8Array> {
  try {
    limits.awaitProvider('idle')
    for await (const piece of body) {
      limits.heard()
      yield piece
      limits.awaitProvider('idle')
    }
  } finally {
    limits.heard()
  }
}
