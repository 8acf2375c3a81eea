import type { LedgerRows } from './ledger-rows.ts'

type Write = (batch: readonly LedgerRows[]) => Promise<void>

/**
 * Writes batches so that a row which the database refuses for what is in it does not hold up the
 * others: a batch that is refused is halved until the row at fault stands alone and goes to `reject`.
 */
export function writeAround(
  write: Write,
  reject: (rows: LedgerRows, error: unknown) => void,
): Write {
  return async function around(batch) {
    try {
      await write(batch)
    } catch (error) {
      if (!isDataError(error)) throw error
      const [first] = batch
      if (batch.length === 1 && first) return reject(first, error)
      const middle = batch.length >> 1
      await around(batch.slice(0, middle))
      await around(batch.slice(middle))
    }
  }
}

/** SQLSTATE classes 22 (data exception) and 23 (constraint): trying again cannot help. */
function isDataError(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '')
}

function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return sqlState(error.cause)
}
