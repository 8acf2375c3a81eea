import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Database } from '../db/client.ts'
import { newId } from '../lib/id.ts'
import { reasonOf } from '../lib/reason.ts'
import { sparing } from '../lib/sparing.ts'
import { encodeLine } from './journal-format.ts'
import { recoverJournals } from './journal-recovery.ts'
import { openJournal } from './journal.ts'
import { writeRows, type LedgerRows } from './ledger-rows.ts'
import { writeAround } from './write-around.ts'
import { createLedger, type Ledger } from './ledger.ts'

export interface LedgerOptions {
  dataDir: string
  db: Database
  logger: Logger
  /** Called for each write that the journal could not make. */
  onJournalFailure: () => void
}

/** A ledger with its journal in `<dataDir>/journal`, and what dead processes left there taken up. */
export interface OpenLedger {
  ledger: Ledger
  /** Writes what is owed, for a bounded time; what remains is taken up by the next process. */
  close: () => Promise<void>
}

const segmentBytesMax = 16 * 1024 * 1024
const recoveryRetryMs = 5_000
const closeMsMax = 5_000
const logEveryMs = 10_000

export function openLedger({ dataDir, db, logger, onJournalFailure }: LedgerOptions): OpenLedger {
  const root = join(dataDir, 'journal')
  const name = newId('process')
  const complain = sparing(logEveryMs, (error) =>
    logger.error(
      { reason: reasonOf(error) },
      'the journal cannot be written; a crash would lose rows',
    ),
  )
  const journal = openJournalOrExplain(root, () =>
    openJournal({
      root,
      name,
      segmentBytesMax,
      onFailure: (error) => {
        onJournalFailure()
        complain(error)
      },
    }),
  )
  const write = writeAround(
    (batch) => writeRows(db, batch),
    (rows, error) => keepRejected({ root, rows, error, logger }),
  )
  const ledger = createLedger({ journal, write, logger })
  const recovery = startRecovery(() => recoverJournals({ root, own: name, write }), logger)
  return {
    ledger: {
      open: (entry) => ledger.open(entry),
      settle: (entry) => ledger.settle(entry),
      backlog: () => ledger.backlog(),
      flush: async () => {
        await recovery.firstTry
        await ledger.flush()
      },
    },
    close: async () => {
      recovery.stop()
      const flushed = ledger.flush().catch(() => {})
      await Promise.race([
        flushed,
        new Promise((resolve) => setTimeout(resolve, closeMsMax).unref()),
      ])
      journal.stop()
    },
  }
}

/** The data folder is named in a message that an operator can act on. */
export class JournalUnusableError extends Error {
  constructor(root: string, cause: unknown) {
    super(
      `The journal folder ${root} cannot be used (${reasonOf(cause)}). Make it writable, free some space, ` +
        'or set XROUTER_DATA_DIR to another folder.',
      { cause },
    )
    this.name = 'JournalUnusableError'
  }
}

function openJournalOrExplain<T>(root: string, open: () => T): T {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    return open()
  } catch (error) {
    throw new JournalUnusableError(root, error)
  }
}

/** Nothing is dropped: what the database does not take stays in a file beside the journals. */
function keepRejected(refused: {
  root: string
  rows: LedgerRows
  error: unknown
  logger: Logger
}): void {
  const { root, rows, error, logger } = refused
  const details = { requestId: rows.request.id, reason: reasonOf(error) }
  logger.error(details, 'the database refused a row; see rejected.jsonl')
  appendFileSync(join(root, 'rejected.jsonl'), `${encodeLine({ type: 'close', rows })}\n`)
}

/** Recovery waits for the database as long as it takes; reads wait for the first try only. */
function startRecovery(recover: () => ReturnType<typeof recoverJournals>, logger: Logger) {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  async function run(): Promise<void> {
    try {
      const { settled, interrupted } = await recover()
      if (settled + interrupted > 0) logger.info({ settled, interrupted }, 'journals recovered')
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'journals could not be recovered; trying again')
      if (!stopped) timer = setTimeout(() => void run(), recoveryRetryMs)
    }
  }
  return {
    firstTry: run(),
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
