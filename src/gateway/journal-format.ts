import { storable } from '../lib/storable.ts'
import type { LedgerRows } from './ledger-rows.ts'

/** `open`: an upstream is about to be called. `close`: the request is settled. A later line of an id replaces an earlier one. */
export interface JournalLine {
  type: 'open' | 'close'
  rows: LedgerRows
}

/** One line of JSON. */
export function encodeLine({ type, rows }: JournalLine): string {
  return `{"type":"${type}","rows":${encodeRows(rows)}}`
}

/**
 * The rows and their text, made once for the journal and the database. What clients and providers write is
 * kept as far as the database can: no row is lost for a character.
 */
export function withText(rows: LedgerRows): LedgerRows {
  const { request, attempts } = rows
  const text = json(rows)
  if (!text.includes('\\u') || !unstorable.test(text)) return { request, attempts, text }
  const kept = storable(parsed(text))
  return { ...kept, text: json(kept) }
}

/** The text of rows. */
export function encodeRows(rows: LedgerRows): string {
  return rows.text ?? withText(rows).text ?? json(rows)
}

/** NUL and half a surrogate pair, as JSON writes them. Escapes that only look like these cost time and do no harm. */
const unstorable = /\\u0000|\\ud[89a-f]/

function json({ request, attempts, decision }: LedgerRows): string {
  if (decision === undefined) return JSON.stringify({ request, attempts })
  const others = JSON.stringify(request).slice(0, -1)
  return `{"request":${others},"decision":${decision}},"attempts":${JSON.stringify(attempts)}}`
}

/** `json` wrote it. */
function parsed(text: string): LedgerRows {
  return JSON.parse(text) as LedgerRows
}

/** The line, or undefined for one that was torn when its process died. */
export function decodeLine(text: string): JournalLine | undefined {
  try {
    const line = trusted(JSON.parse(text))
    if (line.type !== 'open' && line.type !== 'close') return undefined
    const { request, attempts } = line.rows
    return Array.isArray(attempts) && request
      ? { type: line.type, rows: { request, attempts } }
      : undefined
  } catch {
    return undefined
  }
}

/** The file is our own and every line that parses is whole: `encodeLine` wrote it. */
function trusted(line: unknown): JournalLine {
  return line as JournalLine
}
