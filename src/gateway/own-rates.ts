import type { DeploymentBounds } from '../protocol/routing-policy.ts'
import type { Blocked } from './deployment-view.ts'
import { MinuteMeter } from './minute-meter.ts'

/** What a deployment may take in a minute by the configuration, and what it has taken of that in this process. */
export class OwnRates {
  readonly #bounds: DeploymentBounds
  readonly #requests = new MinuteMeter()
  readonly #tokens = new MinuteMeter()

  constructor(bounds: DeploymentBounds) {
    this.#bounds = bounds
  }

  /** A request of so many tokens, as far as is known. */
  begin(tokens: number, nowMs: number): void {
    this.#requests.add(1, nowMs)
    this.#tokens.add(tokens, nowMs)
  }

  /** It took so many more, or fewer. */
  correct(tokens: number, nowMs: number): void {
    this.#tokens.add(tokens, nowMs)
  }

  blocked(nowMs: number): Blocked | undefined {
    const { requestsPerMinute: requests, tokensPerMinute: tokens } = this.#bounds
    if (requests !== undefined && this.#requests.sum(nowMs) >= requests) {
      return { reason: 'REQUESTS_PER_MINUTE', untilMs: this.#requests.freeAtMs(requests, nowMs) }
    }
    if (tokens !== undefined && this.#tokens.sum(nowMs) >= tokens) {
      return { reason: 'TOKENS_PER_MINUTE', untilMs: this.#tokens.freeAtMs(tokens, nowMs) }
    }
    return undefined
  }

  /** The least that is left of any, from 0 to 1. */
  left(nowMs: number): number {
    const { requestsPerMinute: requests, tokensPerMinute: tokens } = this.#bounds
    const ofRequests = requests === undefined ? 1 : 1 - this.#requests.sum(nowMs) / requests
    const ofTokens = tokens === undefined ? 1 : 1 - this.#tokens.sum(nowMs) / tokens
    return Math.max(0, Math.min(1, ofRequests, ofTokens))
  }
}
