import type { Logger } from 'pino'
import type { ErrorCode } from '../errors.ts'
import { reasonOf } from '../lib/reason.ts'
import type { AttemptRecord, Money, RequestStatus, Settlement } from '../protocol/settlement.ts'
import type { Tags } from '../protocol/tags.ts'
import type { Journal, Segment } from './journal.ts'
import { withText } from './journal-format.ts'
import { writeSettled } from './journal-recovery.ts'
import { rowsOf, type LedgerRows } from './ledger-rows.ts'

/** Everything that is kept of one request. */
export interface LedgerEntry {
  settlement: Omit<Settlement, 'status'> & { status: RequestStatus; attempts: AttemptRecord[] }
  organization: string
  /** Null for the master key. */
  apiKeyId: string | null
  createdAt: Date
  door: 'rest' | 'graphql'
  requestedModel: string
  stream: boolean
  latencyMs: number
  timeToFirstTokenMs?: number | undefined
  errorCode?: ErrorCode | undefined
  tags?: Tags | undefined
  /** How it was routed, as JSON of a `StoredDecision`; asked for when its line is written. */
  decision?: (() => string | undefined) | undefined
  /** What the client says of its own user. */
  user?: string | undefined
  /** What the budgets held for it by estimate. */
  reserved?: Money | undefined
}

/** Where requests are accounted for: first in the journal, a file of this process, then in the database. */
export interface Ledger {
  /** Notes what would be known of a request if the process died in the call that follows. Never rejects. */
  open(entry: LedgerEntry): Promise<void>
  /** Takes a settled request; resolves when it would survive the process. Never rejects. */
  settle(entry: LedgerEntry): Promise<void>
  /** Resolves when everything settled so far is in the database; rejects when the database does not take it. */
  flush(): Promise<void>
  /** Settled requests that are not in the database yet. */
  backlog(): number
}

export interface LedgerSettings {
  journal: Journal
  /** Writes a batch; rows that are there already stay as they are. Rejects when the database is away. */
  write: (batch: readonly LedgerRows[]) => Promise<void>
  logger: Logger
  /** Settled requests kept in memory while the database is away; later ones are read back from the journal. */
  memoryRowsMax?: number
}

/** A batch is five statements, whatever is in it; who reads the ledger here has it written first. */
const batchDelayMs = 100
/** Small while the database keeps up, so that the text of a batch is no large object of the heap. */
const batchRows = 80
const batchRowsMax = 500
const retryDelayMsMin = 25
const retryDelayMsMax = 5_000

export function createLedger(settings: LedgerSettings): Ledger {
  return new JournaledLedger(settings)
}

interface Owed {
  rows: LedgerRows
  segment: Segment | undefined
}

class JournaledLedger implements Ledger {
  readonly #settings: LedgerSettings
  readonly #memoryRowsMax: number
  #owed: Owed[] = []
  /** Segments with settled requests that are not in memory, and how many these are. */
  #spilled = new Map<Segment, number>()
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #retryDelayMs = retryDelayMsMin
  #draining = false

  constructor(settings: LedgerSettings) {
    this.#settings = settings
    this.#memoryRowsMax = settings.memoryRowsMax ?? 20_000
  }

  open(entry: LedgerEntry): Promise<void> {
    const { requestId } = entry.settlement
    return this.#settings.journal.open(requestId, () => withText(rowsOf(entry)))
  }

  async settle(entry: LedgerEntry): Promise<void> {
    const { requestId } = entry.settlement
    const { rows, segment } = await this.#settings.journal.close(requestId, () =>
      withText(rowsOf(entry)),
    )
    if (segment && this.#owed.length >= this.#memoryRowsMax) {
      this.#spilled.set(segment, (this.#spilled.get(segment) ?? 0) + 1)
    } else this.#owed.push({ rows, segment })
    // A full batch goes at once; where one is being written, it goes after that.
    const full = this.#owed.length >= batchRows && !this.#draining
    if (full && this.#retryDelayMs === retryDelayMsMin) void this.flush().catch(() => {})
    else this.#schedule(batchDelayMs)
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.catch(() => {}).then(() => this.#drain())
    return this.#writing
  }

  backlog(): number {
    let spilled = 0
    for (const count of this.#spilled.values()) spilled += count
    return this.#owed.length + spilled
  }

  #schedule(delayMs: number): void {
    this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), delayMs)
  }

  /** Writes what is owed now; of what comes meanwhile whole batches, the rest waits for its time. */
  async #drain(): Promise<void> {
    this.#draining = true
    let due = this.#owed.length
    try {
      while (due > 0 || this.#owed.length >= batchRows) {
        const rows = this.#owed.length > 2 * batchRowsMax ? batchRowsMax : batchRows
        const batch = this.#owed.slice(0, rows)
        await this.#settings.write(batch.map((owed) => owed.rows))
        this.#owed = this.#owed.slice(batch.length)
        due -= batch.length
        for (const { segment } of batch) if (segment) this.#settings.journal.written(segment)
      }
      await this.#drainSpilled()
      this.#retryDelayMs = retryDelayMsMin
    } catch (error) {
      this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, retryDelayMsMax)
      this.#schedule(this.#retryDelayMs)
      this.#settings.logger.error(
        { reason: reasonOf(error), backlog: this.backlog() },
        'the database does not take the ledger; the journal keeps it',
      )
      throw error
    } finally {
      this.#draining = false
    }
  }

  async #drainSpilled(): Promise<void> {
    for (const [segment, count] of this.#spilled) {
      await writeSettled(segment.path, this.#settings.write)
      const since = (this.#spilled.get(segment) ?? 0) - count
      if (since > 0) this.#spilled.set(segment, since)
      else this.#spilled.delete(segment)
      for (let left = count; left > 0; left -= 1) this.#settings.journal.written(segment)
    }
  }
}
