/** Lines of results that a test file prints when it is through: one row a case, one column a circumstance. */
export interface ResultTable {
  /** Runs a cell; it passes when `check` does, within the time. Its word stands in the table; a cross, where it fails. */
  cell(row: string, column: string, check: () => Promise<string>): Promise<string>
  print(): void
}

/** Long enough for any answer here, and an end for what would hang. */
const cellMsDefault = 20_000

export function resultTable(title: string, cellMsMax = cellMsDefault): ResultTable {
  const rows = new Map<string, Record<string, string>>()
  return {
    async cell(row, column, check) {
      const cells = rows.get(row) ?? {}
      rows.set(row, cells)
      try {
        const word = await within(cellMsMax, check())
        cells[column] = `✓ ${word}`
        return word
      } catch (cause) {
        cells[column] = '✗'
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`${row} | ${column}: ${reason}`, { cause })
      }
    },
    print() {
      console.log(title)
      console.table(Object.fromEntries(rows))
    },
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const hung = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`hung for ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, hung])
  } finally {
    clearTimeout(timer)
  }
}
