import type { Send } from './provider.ts'

export interface AccessToken {
  value: string
  /** Unix time in milliseconds. */
  expiresAtMs: number
}

/** Before its end a token is renewed for this long beside the requests that still use it. */
const renewMs = 60_000
/** So close to its end a token may be refused on its way. */
const usableMs = 5_000
/** After a failure the service, which takes ten requests a second, is left alone for this long. */
const pauseMs = 200

/** One token for all requests: fetched once however many wait for it, and renewed before it ends. */
export class TokenSource {
  readonly #fetch: (send: Send) => Promise<AccessToken>
  readonly #now: () => number
  #token: AccessToken | undefined
  #fetching: Promise<AccessToken> | undefined
  #failure: { error: unknown; untilMs: number } | undefined

  constructor(fetch: (send: Send) => Promise<AccessToken>, now: () => number = Date.now) {
    this.#fetch = fetch
    this.#now = now
  }

  async token(send: Send): Promise<string> {
    const now = this.#now()
    const leftMs = (this.#token?.expiresAtMs ?? 0) - now
    if (this.#token && leftMs > renewMs) return this.#token.value
    const paused = this.#failure && this.#failure.untilMs > now
    const fetching = paused ? Promise.reject(this.#failure?.error) : this.#renew(send)
    if (this.#token && leftMs > usableMs) {
      // Nobody waits: should it fail, the next request tries again.
      fetching.catch(() => {})
      return this.#token.value
    }
    return (await fetching).value
  }

  /** Forgets a token that was refused, unless it has been replaced since. */
  drop(value: string): void {
    if (this.#token?.value === value) this.#token = undefined
  }

  #renew(send: Send): Promise<AccessToken> {
    this.#fetching ??= this.#fetchOnce(send).finally(() => (this.#fetching = undefined))
    return this.#fetching
  }

  async #fetchOnce(send: Send): Promise<AccessToken> {
    try {
      const token = await this.#fetch(send)
      this.#token = this.#kept(token)
      this.#failure = undefined
      return token
    } catch (error) {
      this.#failure = { error, untilMs: this.#now() + pauseMs }
      throw error
    }
  }

  /** By a clock that is ahead of the service's every token has ended before it came. */
  #kept(token: AccessToken): AccessToken {
    return { ...token, expiresAtMs: Math.max(token.expiresAtMs, this.#now() + 2 * renewMs) }
  }
}
