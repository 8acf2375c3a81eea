import type { ErrorCode } from '../../src/errors.ts'
import type { Answer } from './simulators/exchange.ts'

/** One way in which a provider fails, and what must come of it. */
export interface Fault {
  name: string
  /** The name in the gateway's configuration; `openai` when absent. */
  provider?: string
  /** What it does before it has said anything; absent where the connection itself is the fault. */
  before?: Answer
  /** What it does after its first words: a stream's content, or half of a JSON body. */
  after?: Answer
  /** The error's code, and another one where the door is JSON; `none` for a whole answer. */
  code: ErrorCode | 'none'
  jsonCode?: ErrorCode
  /** Only for one of the two modes. */
  mode?: 'json' | 'stream'
  says?: RegExp
  /** The status with which the provider answered. */
  upstreamStatus: number | null
  retryAfter?: string
}
