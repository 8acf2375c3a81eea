import { isContent, type ChatEvent, type FinishReason } from '../protocol/event.ts'
import type { Usage } from '../protocol/usage.ts'

/** Part of every key: entries of another form are never found. */
export const entryVersion = 1

/** A whole answer as it is kept. */
export interface CachedAnswer {
  /** When it was made, in milliseconds. */
  storedAtMs: number
  /** The deployment that made it. */
  provider: string
  /** `provider/model`. */
  model: string
  usage?: Usage | undefined
  /** Of its cost then; absent where that was unknown. */
  currency?: string | undefined
  /** What the deployment said, piece by piece. */
  events: ChatEvent[]
}

export function encodeEntry(answer: CachedAnswer): string {
  return JSON.stringify(answer)
}

/** The text is our own: stores keep it as it is, and the version is part of the key. */
export function decodeEntry(text: string): CachedAnswer {
  return JSON.parse(text) as CachedAnswer
}

/** Whether an event belongs to the answer itself, and not to how this request came to it. */
export function isKept(event: ChatEvent): boolean {
  switch (event.type) {
    case 'warning':
    case 'cache-lookup':
    case 'attempt-start':
    case 'attempt-failed':
    case 'end':
    case 'error':
      return false
    default:
      return true
  }
}

/** Whether an answer says something and every choice ended in one of these ways. */
export function isWhole(
  events: readonly ChatEvent[],
  reasons: ReadonlySet<FinishReason['unified']>,
): boolean {
  const finished = events.filter((event) => event.type === 'finish')
  return (
    finished.length > 0 &&
    finished.every(({ reason }) => reasons.has(reason.unified)) &&
    events.some((event) => event.type !== 'finish' && isContent(event))
  )
}
