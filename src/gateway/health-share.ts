import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import { errorCodes } from '../errors.ts'
import { blockReasons } from '../protocol/routing.ts'
import type { DeploymentStates, StateChange } from './deployment-view.ts'
import type { Outcome } from './health-window.ts'
import type { HealthMonitor } from './provider-health.ts'

/** How the instances of an installation reach each other. */
export interface HealthLink {
  /** Goes to the others, and is kept for those that start later; never rejects. */
  send(message: string): Promise<void>
  /** Calls the handler for each message, our own included, until the returned function is called. */
  receive(handler: (message: string) => void): () => void
  /** Kept messages, oldest first; none where they cannot be had. */
  recall(): Promise<string[]>
}

const flushAfterMs = 200
const outcomesMax = 200

const place = { provider: z.string(), credential: z.string(), deployment: z.string() }

const message = z.object({
  from: z.string(),
  /** Milliseconds of the Unix epoch, by the sender's clock. */
  at: z.number(),
  outcomes: z.array(
    z.object({
      provider: z.string(),
      fault: z.enum(errorCodes).optional(),
      latencyMs: z.number().optional(),
      timeToFirstTokenMs: z.number().optional(),
    }),
  ),
  changes: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('cooldown'),
        ...place,
        key: z.string(),
        reason: z.enum(blockReasons),
        ms: z.number(),
      }),
      z.object({
        kind: z.literal('breaker'),
        ...place,
        openMs: z.number(),
      }),
    ]),
  ),
})

type Message = z.infer<typeof message>

/** Collects what this instance sees; what it collects is sent a moment later, never on a request's path. */
export interface HealthShare {
  outcome: (provider: string, outcome: Outcome) => void
  change: (change: StateChange) => void
  /** Takes what others saw, from now on and lately. */
  join(known: { health: HealthMonitor; states: DeploymentStates }): Promise<void>
  close(): void
}

export function shareHealth(link: HealthLink, logger: Logger): HealthShare {
  const self = randomUUID()
  let outcomes: Message['outcomes'] = []
  let changes: StateChange[] = []
  let timer: NodeJS.Timeout | undefined
  let leave = (): void => {}

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const text: Message = { from: self, at: Date.now(), outcomes, changes }
    outcomes = []
    changes = []
    void link.send(JSON.stringify(text))
  }

  return {
    outcome: (provider, outcome) => {
      // A flood says no more than its last attempts do.
      if (outcomes.length >= outcomesMax) outcomes.shift()
      outcomes.push({ provider, ...outcome })
      timer ??= setTimeout(flush, flushAfterMs).unref()
    },
    change: (change) => {
      changes.push(change)
      clearTimeout(timer)
      timer = setTimeout(flush, 0)
    },
    join: async ({ health, states }) => {
      const take = (text: string, isLate: boolean): void => {
        const read = parse(text, logger)
        if (!read || read.from === self) return
        const agoMs = isLate ? Math.max(0, Date.now() - read.at) : 0
        for (const { provider, ...outcome } of read.outcomes) {
          health.note(provider, outcome, Date.now() - agoMs)
        }
        for (const change of read.changes) learn(states, change, agoMs)
      }
      leave = link.receive((text) => take(text, false))
      for (const text of await link.recall()) take(text, true)
    },
    close: () => {
      leave()
      clearTimeout(timer)
    },
  }
}

/** What was seen some time ago lasts for so much less. */
function learn(states: DeploymentStates, change: StateChange, agoMs: number): void {
  if (change.kind === 'breaker') {
    const openMs = change.openMs - agoMs
    states.learn({ ...change, openMs: change.openMs === 0 ? 0 : Math.max(1, openMs) })
  } else if (change.ms > agoMs) states.learn({ ...change, ms: change.ms - agoMs })
}

function parse(text: string, logger: Logger): Message | undefined {
  try {
    return message.parse(JSON.parse(text))
  } catch {
    logger.warn('a message about providers could not be read; another version may have sent it')
    return undefined
  }
}
