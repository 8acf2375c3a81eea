import type { ErrorCode } from '../../src/errors.ts'
import type { ProviderUnderTest } from '../support/simulated-providers.ts'
import type { Answer, Exchange } from '../support/simulators/exchange.ts'
import { httpError, rateLimited, truncateAfter } from '../support/simulators/faults.ts'

/** A way in which an upstream fails, and what a client is told of it. */
export interface FailureCase {
  name: string
  /** What the service answers; absent where the question alone makes it fail. */
  answer?: (provider: ProviderUnderTest) => Answer | undefined
  /** A model to ask that is not there. */
  model?: string
  code: (stream: boolean) => ErrorCode
  /** Whether the client is told how long to wait. */
  waits?: true
}

export const failures: readonly FailureCase[] = [
  { name: 'a wrong credential', answer: () => httpError(401), code: () => 'PROVIDER_AUTH' },
  {
    name: 'too many requests, with a wait',
    answer: () => rateLimited(7),
    code: () => 'PROVIDER_RATE_LIMITED',
    waits: true,
  },
  { name: 'a failure of its own', answer: () => httpError(500), code: () => 'PROVIDER_ERROR' },
  {
    name: 'a prompt that is too long',
    answer: ({ tooLong }) => tooLong,
    code: () => 'CONTEXT_LENGTH_EXCEEDED',
  },
  { name: 'a model that is not there', model: 'no-such-model', code: () => 'MODEL_NOT_FOUND' },
  {
    name: 'an answer that is cut',
    answer: () => cut,
    code: (stream) => (stream ? 'UPSTREAM_TRUNCATED' : 'PROVIDER_ERROR'),
  },
]

/** Two frames at most, and neither the last one nor the terminator; half of a JSON answer. */
function cut(exchange: Exchange): void | Promise<void> {
  const { pieces } = exchange.reply()
  return truncateAfter(Math.max(0, Math.min(2, pieces.length - 2)))(exchange)
}
