import type { Logger } from 'pino'
import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../lib/reason.ts'
import { sparing } from '../../lib/sparing.ts'
import { within } from '../../lib/within.ts'
import type { BudgetMeter, LedgerSums, Limiter, Spent } from './meter.ts'

export interface CountersSettings {
  /** What the ledger says of a budget; what this process settled before must be in it. */
  readSpent: (meter: BudgetMeter, cutoff: number) => Promise<LedgerSums>
  logger: Logger
  now?: () => number
}

const loadMsMax = 5_000
/** Between two corrections of a counter. */
const correctEveryMs = 60_000
/** How old a mark must be: by then every instance has written what it settled before. */
const writtenAfterMs = 5_000
const logEveryMs = 10_000

/** Loads the counters of budgets from the ledger, and corrects them by it now and then. */
export class BudgetCounters {
  readonly #settings: CountersSettings
  readonly #now: () => number
  readonly #loading = new Map<string, Promise<void>>()
  /** Counters that were used since their last correction. */
  readonly #used = new Map<string, { limiter: Limiter; meter: BudgetMeter; dueAt: number }>()
  readonly #timer: NodeJS.Timeout
  readonly #complain: (error: unknown) => void
  #correcting = false

  constructor(settings: CountersSettings) {
    this.#settings = settings
    this.#now = settings.now ?? Date.now
    this.#complain = sparing(logEveryMs, (error: unknown) =>
      settings.logger.warn(
        { reason: reasonOf(error) },
        'budgets cannot be compared with the ledger',
      ),
    )
    this.#timer = setInterval(() => void this.correct(), writtenAfterMs).unref()
  }

  /** Loads counters that are missing; rejects with OVERLOADED while the ledger cannot be read. */
  async load(limiter: Limiter, meters: readonly BudgetMeter[]): Promise<void> {
    await Promise.all(meters.map((meter) => this.#loadOnce(limiter, meter)))
  }

  /** Notes which counters are in use: they are corrected. */
  used(limiter: Limiter, spent: readonly Spent[]): void {
    for (const { meter } of spent) {
      const known = this.#used.get(meter.key)
      if (known) known.meter = meter
      else this.#used.set(meter.key, { limiter, meter, dueAt: this.#now() + correctEveryMs })
    }
  }

  /** Corrects the counters that are due: what was settled before their mark is the ledger's word. */
  async correct(): Promise<void> {
    if (this.#correcting) return
    this.#correcting = true
    try {
      const now = this.#now()
      for (const [key, entry] of this.#used) {
        if (entry.dueAt > now) continue
        const mark = await entry.limiter.mark(key, now)
        if (now - mark < writtenAfterMs) entry.dueAt = mark + writtenAfterMs
        else {
          await entry.limiter.correct(key, await this.#settings.readSpent(entry.meter, mark))
          this.#used.delete(key)
        }
      }
    } catch (error) {
      this.#complain(error)
    } finally {
      this.#correcting = false
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #loadOnce(limiter: Limiter, meter: BudgetMeter): Promise<void> {
    const { key } = meter
    const running = this.#loading.get(key)
    if (running) return running
    const started = this.#load(limiter, meter).finally(() => this.#loading.delete(key))
    this.#loading.set(key, started)
    return started
  }

  async #load(limiter: Limiter, meter: BudgetMeter): Promise<void> {
    const cutoff = this.#now()
    const sums = await within(this.#settings.readSpent(meter, cutoff), loadMsMax).catch(
      (error: unknown) => {
        this.#complain(error)
        throw unread(error)
      },
    )
    await limiter.load(meter.key, sums)
    // What other instances settled just before and had not written yet is taken up soon.
    this.#used.set(meter.key, { limiter, meter, dueAt: this.#now() })
  }
}

function unread(cause: unknown): GatewayError {
  return new GatewayError({
    code: 'OVERLOADED',
    message:
      'What was spent of a budget could not be read, because the database does not answer. Try again.',
    retryAfterMs: 1_000,
    cause,
  })
}
