import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { signalOf, type Ending } from '../lib/ending.ts'
import { orAborted } from '../lib/or-aborted.ts'
import { reasonOf } from '../lib/reason.ts'
import { sparing } from '../lib/sparing.ts'
import { within } from '../lib/within.ts'
import { decodeEntry, type CachedAnswer } from './cache-entry.ts'
import type { CachePlace } from './cache-key.ts'
import type { CachePlan } from './cache-plan.ts'
import type { CacheSettings } from './cache-settings.ts'
import type { CacheStore, Found, StoredEntry } from './cache-store.ts'

/** Kept answers, and who is making one. */
export interface AnswerCache {
  settings: CacheSettings
  /** What digests of requests are made under. */
  digestKey: Buffer
  /**
   * A kept answer, or the duty to tell of the one that is made now. Requests that are equal wait for the
   * first of them. Never rejects but with the reason of `signal`: where the store is away, nothing is kept.
   */
  find(place: CachePlace, plan: CachePlan, signal: Ending): Promise<CachedAnswer | Making>
  /** Removes what an organisation keeps under a label; how many answers that were. Rejects when the store is away. */
  invalidate(organization: string, label: string): Promise<number>
  /** Told that something of an organisation was invalidated: answers under way are not waited for any more. */
  forget(organization: string): void
}

/** An answer under way. */
export interface Making {
  /** Hands over the whole answer. */
  keep(entry: Pick<StoredEntry, 'text' | 'ttlMs' | 'labels'>): void
  /** No answer to keep; `left`: because its client left, so that another may make it. */
  drop(why: 'left' | 'unfit'): void
}

export interface AnswerCacheDeps {
  settings: CacheSettings
  digestKey: Buffer
  store: CacheStore
  logger: Logger
  onStoreFailure: () => void
  /** Tells other instances. */
  onInvalidated?: (organization: string, label: string) => Promise<void>
  /** The time in milliseconds. */
  now?: () => number
  wait?: (delayMs: number, signal: AbortSignal) => Promise<void>
}
export function createAnswerCache(deps: AnswerCacheDeps): AnswerCache {
  return new Answers(deps)
}

/** How an answer under way ended: its text, or why there is none. */
type Outcome = { text: string } | 'left' | 'unfit'

interface Flight {
  organization: string
  ended: Promise<Outcome>
}

/** What the store said; without `asOf` it is away. */
type Asked = Partial<Found>

const pollMs = { first: 20, most: 250 }
const askAgainMs = 1_000
/** A single failure may be our own: an event loop that was held up takes an answer for missing. */
const failuresInARow = 3
const logEveryMs = 10_000

class Answers implements AnswerCache {
  readonly settings: CacheSettings
  readonly digestKey: Buffer
  readonly #store: CacheStore
  readonly #now: () => number
  readonly #wait: NonNullable<AnswerCacheDeps['wait']>
  readonly #complain: (error: unknown) => void
  /** Answers that this process makes, by place. */
  readonly #flights = new Map<string, Flight>()
  #failures = 0
  #awayUntil = 0

  readonly #onInvalidated: AnswerCacheDeps['onInvalidated']

  constructor({ settings, digestKey, store, logger, onStoreFailure, ...rest }: AnswerCacheDeps) {
    this.settings = settings
    this.digestKey = digestKey
    this.#store = store
    this.#onInvalidated = rest.onInvalidated
    this.#now = rest.now ?? Date.now
    this.#wait = rest.wait ?? ((delayMs, signal) => delay(delayMs, undefined, { signal }))
    const log = sparing(logEveryMs, (reason: string) =>
      logger.warn({ reason }, 'the store of answers is away; requests are answered without it'),
    )
    this.#complain = (error) => {
      this.#failures += 1
      if (this.#failures >= failuresInARow) this.#awayUntil = this.#now() + askAgainMs
      onStoreFailure()
      log(reasonOf(error))
    }
  }

  async find(place: CachePlace, plan: CachePlan, signal: Ending): Promise<CachedAnswer | Making> {
    if (!plan.read || !plan.write || plan.onlyIfCached) return this.#alone(place, plan)
    const deadline = this.#now() + this.settings.waitMs
    for (;;) {
      const flight = this.#flights.get(keyOf(place))
      if (!flight) return this.#lead(place, plan, { signal, deadline })
      const leftMs = Math.max(0, deadline - this.#now())
      const outcome = await orAborted(
        within(flight.ended, leftMs).catch((): Outcome => 'unfit'),
        signal,
      )
      if (outcome === 'unfit') return this.#alone(place, { ...plan, read: false })
      if (outcome !== 'left') return this.#fresh(outcome.text, plan) ?? this.#alone(place, plan)
    }
  }

  async invalidate(organization: string, label: string): Promise<number> {
    this.forget(organization)
    const removed = await this.#store.invalidate(organization, label)
    await this.#onInvalidated?.(organization, label)
    return removed
  }

  forget(organization: string): void {
    for (const [key, flight] of this.#flights) {
      if (flight.organization === organization) this.#flights.delete(key)
    }
  }

  /** Asks and answers without regard to others. */
  async #alone(place: CachePlace, plan: CachePlan): Promise<CachedAnswer | Making> {
    const { text, asOf } = await this.#ask(place)
    const answer = plan.read && text !== undefined ? this.#fresh(text, plan) : undefined
    return answer ?? this.#making(place, { asOf: plan.write ? asOf : undefined })
  }

  /** Asks for all who want the same, and makes the answer where nobody else does. */
  async #lead(
    place: CachePlace,
    plan: CachePlan,
    { signal, deadline }: { signal: Ending; deadline: number },
  ): Promise<CachedAnswer | Making> {
    const key = keyOf(place)
    const ended = Promise.withResolvers<Outcome>()
    const flight: Flight = { organization: place.organization, ended: ended.promise }
    this.#flights.set(key, flight)
    const onEnd = (outcome: Outcome): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
      ended.resolve(outcome)
    }
    try {
      const claim = randomUUID()
      const { text, asOf, claimed } = await this.#claim(place, claim, { signal, deadline })
      if (text !== undefined) {
        onEnd({ text })
        return this.#fresh(text, plan) ?? this.#making(place, { asOf })
      }
      return this.#making(place, { asOf, claim: claimed ? claim : undefined, onEnd })
    } catch (error) {
      onEnd('left')
      throw error
    }
  }

  /** The answer, or the claim to make it; neither where another instance takes too long. */
  async #claim(
    place: CachePlace,
    claim: string,
    { signal, deadline }: { signal: Ending; deadline: number },
  ): Promise<Asked> {
    for (let delayMs = pollMs.first; ; delayMs = Math.min(delayMs * 2, pollMs.most)) {
      const found = await this.#ask(place, claim)
      if (found.text !== undefined || found.claimed || found.asOf === undefined) return found
      if (this.#now() >= deadline) return found
      await this.#wait(delayMs, signalOf(signal))
    }
  }

  #making(
    place: CachePlace,
    options: {
      asOf?: number | undefined
      claim?: string | undefined
      onEnd?: (outcome: Outcome) => void
    },
  ): Making {
    const { asOf, claim, onEnd = () => {} } = options
    const renewing = claim === undefined ? undefined : this.#renew(place, claim)
    const end = (outcome: Outcome): void => {
      clearInterval(renewing)
      onEnd(outcome)
    }
    return {
      keep: ({ text, ttlMs, labels }) => {
        if (asOf !== undefined) {
          const entry = { text, ttlMs, labels, asOf, claim }
          this.#store.put(place, entry).catch(this.#complain)
        }
        end({ text })
      },
      drop: (why) => {
        if (claim !== undefined) this.#store.release(place, claim).catch(this.#complain)
        end(why)
      },
    }
  }

  #renew(place: CachePlace, claim: string): NodeJS.Timeout | undefined {
    const { renewEveryMs } = this.#store
    if (renewEveryMs === undefined) return undefined
    const renew = (): void => void this.#store.renew(place, claim).catch(this.#complain)
    return setInterval(renew, renewEveryMs).unref()
  }

  #fresh(text: string, { maxAgeMs }: CachePlan): CachedAnswer | undefined {
    const answer = decodeEntry(text)
    return this.#now() - answer.storedAtMs <= maxAgeMs ? answer : undefined
  }

  async #ask(place: CachePlace, claim?: string): Promise<Asked> {
    if (this.#now() < this.#awayUntil) return {}
    try {
      const found = await this.#store.find(place, claim)
      this.#failures = 0
      return found
    } catch (error) {
      this.#complain(error)
      return {}
    }
  }
}

function keyOf({ organization, digest }: CachePlace): string {
  return `${organization} ${digest}`
}
