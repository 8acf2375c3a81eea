import { stringify } from 'csv-stringify/sync'

/** What a cell can hold; null is an empty cell. */
export type Cell = string | number | boolean | Date | object | null

/** One line of CSV for each row, as RFC 4180 has it; objects as JSON, times in ISO 8601. */
export function csvLines(rows: readonly (readonly Cell[])[]): string {
  return stringify([...rows], {
    record_delimiter: 'windows',
    quoted_match: /[\r\n]/,
    cast: {
      string: (text) => (isFormula(text) ? `'${text}` : text),
      boolean: String,
      date: (date) => date.toISOString(),
    },
  })
}

/** Whether a spreadsheet would compute a text instead of showing it; numbers and amounts of money are shown. */
function isFormula(text: string): boolean {
  return (
    /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) && !/^-\d+(\.\d+)?( [A-Z]{3})?$/.test(text)
  )
}
