import type { HealthMonitor, ProviderHealth } from './provider-health.ts'

const lookEveryMs = 100

/** Follows how providers do, for readers that want to be told. */
export interface HealthWatch {
  /**
   * Each provider at once, then each change of its state, reason, breaker or what is blocked. A slow reader
   * is told the newest of each provider, whatever came between. Ends when `signal` is aborted.
   */
  watch(providers: readonly string[], signal: AbortSignal): AsyncGenerator<ProviderHealth>
}

/** Time alone changes states, too, so that a look now and then sees all; without readers nobody looks. */
export function createHealthWatch(health: Pick<HealthMonitor, 'snapshot'>): HealthWatch {
  const readers = new Set<Reader>()
  let timer: NodeJS.Timeout | undefined

  function lookAround(): void {
    const seen = new Map<string, ProviderHealth>()
    for (const reader of readers) reader.look((provider) => remembered(seen, provider))
  }

  function remembered(seen: Map<string, ProviderHealth>, provider: string): ProviderHealth {
    const known = seen.get(provider) ?? health.snapshot(provider)
    seen.set(provider, known)
    return known
  }

  return {
    async *watch(providers, signal) {
      const reader = new Reader(providers)
      readers.add(reader)
      timer ??= setInterval(lookAround, lookEveryMs).unref()
      signal.addEventListener('abort', reader.wake, { once: true })
      try {
        reader.look(health.snapshot)
        while (!signal.aborted) {
          const next = reader.take()
          if (next) yield next
          else await reader.changed()
        }
      } finally {
        signal.removeEventListener('abort', reader.wake)
        readers.delete(reader)
        if (readers.size === 0) {
          clearInterval(timer)
          timer = undefined
        }
      }
    },
  }
}

class Reader {
  readonly #providers: readonly string[]
  readonly #told = new Map<string, string>()
  readonly #pending = new Map<string, ProviderHealth>()
  #news = Promise.withResolvers<void>()

  constructor(providers: readonly string[]) {
    this.#providers = providers
  }

  readonly wake = (): void => this.#news.resolve()

  look(of: (provider: string) => ProviderHealth): void {
    for (const provider of this.#providers) {
      const health = of(provider)
      const signature = signatureOf(health)
      if (this.#told.get(provider) === signature) continue
      this.#told.set(provider, signature)
      this.#pending.delete(provider) // it goes to the end of those that wait
      this.#pending.set(provider, health)
    }
    if (this.#pending.size > 0) this.wake()
  }

  take(): ProviderHealth | undefined {
    for (const [provider, health] of this.#pending) {
      this.#pending.delete(provider)
      return health
    }
    return undefined
  }

  async changed(): Promise<void> {
    await this.#news.promise
    this.#news = Promise.withResolvers<void>()
  }
}

function signatureOf({ state, reason, breaker, blocked }: ProviderHealth): string {
  return JSON.stringify([state, reason, breaker, blocked])
}
