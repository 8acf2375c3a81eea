import { reasonOf } from '../../lib/reason.ts'
import { within } from '../../lib/within.ts'
import { attemptDelivery, type AttemptDeps } from './attempt.ts'
import { claimDue, noteAttempt, type Claimed } from './claim.ts'

export interface WorkerOptions extends AttemptDeps {
  /** How long an attempt may take. */
  timeoutMs: number
  /** How often what is due is looked for, also that of instances that died. */
  pollMs?: number
}

const usualPollMs = 5_000
const attemptsAtOnce = 20
/** What an instance needs beside the attempt itself to note what came of it. */
const leaseSlackMs = 30_000
const giveBackMs = 2_000

/** Sends what is due, a bounded number at once; several instances share the work. */
export class DeliveryWorker {
  readonly #options: WorkerOptions
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.wake(), options.pollMs ?? usualPollMs)
    this.#timer.unref()
    this.wake()
  }

  /** Looks for what is due; returns at once. */
  wake(): void {
    if (this.#closed) return
    this.#again = true
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      if (this.#again) this.wake()
    })
  }

  /** Takes nothing more, lets attempts end for `drainMs`, and gives back what is left. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#idle(drainMs)
    this.#stop.abort(new Error('the gateway is stopping'))
    await this.#idle(giveBackMs)
  }

  /** Resolves when nothing is under way, or after a while: a database that is away is not waited for. */
  async #idle(timeoutMs: number): Promise<void> {
    const begun = this.#looking?.then(() => Promise.all(this.#running))
    await within(Promise.all([begun, ...this.#running]), timeoutMs).catch(() => {})
  }

  async #look(): Promise<void> {
    const { db, now, timeoutMs, logger } = this.#options
    while (this.#again && !this.#closed && this.#running.size < attemptsAtOnce) {
      this.#again = false
      const limit = attemptsAtOnce - this.#running.size
      const lease = { now: new Date(now()), leaseMs: timeoutMs + leaseSlackMs, limit }
      try {
        const claimed = await claimDue(db, lease)
        for (const each of claimed) this.#begin(each)
        if (claimed.length === limit) this.#again = true
      } catch (error) {
        logger.warn({ reason: reasonOf(error) }, 'webhooks that are due cannot be read')
      }
    }
    // Asked again when an attempt ends and there is room.
    if (this.#running.size >= attemptsAtOnce) this.#again = false
  }

  #begin(claimed: Claimed): void {
    const attempt = this.#attempt(claimed).finally(() => {
      this.#running.delete(attempt)
      if (this.#running.size === attemptsAtOnce - 1) this.wake()
    })
    this.#running.add(attempt)
  }

  async #attempt(claimed: Claimed): Promise<void> {
    const { db, logger, now } = this.#options
    try {
      await attemptDelivery(this.#options, claimed, this.#stop.signal)
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        // Its lease ends, and somebody tries again.
        logger.warn(
          { delivery: claimed.delivery.id, reason: reasonOf(error) },
          'a webhook was not noted',
        )
        return
      }
      const { attempts } = claimed.delivery
      const asBefore = { attempts: attempts - 1, nextAttemptAt: new Date(now()) }
      await noteAttempt(db, claimed, asBefore).catch(() => {})
    }
  }
}
