import { storable } from '../lib/storable.ts'
import type { LedgerRows } from './ledger-rows.ts'

/** `open`: an upstream is about to be called. `close`: the request is settled. A later line of an id replaces an earlier one. */
export interface JournalLine {
  type: 'open' | 'close'
  rows: LedgerRows
}

/** One line of JSON. */
export function encodeLine({ type, rows }: JournalLine): string {
  return lineOf(type, encodeRows(rows))
}

/** A `close` without the decision, which stands in the request's `open` in the same file. */
export function encodeBriefClose(rows: LedgerRows): string {
  return lineOf('close', rows.brief ?? encodeRows(rows))
}

function lineOf(type: JournalLine['type'], rows: string): string {
  return `{"type":"${type}","rows":${rows}}`
}

/**
 * The rows and their text, made once for the journal and the database. What clients and providers write is
 * kept as far as the database can: no row is lost for a character.
 */
export function withText(rows: LedgerRows): LedgerRows {
  const { request, attempts, decision } = rows
  const brief = JSON.stringify({ request, attempts })
  const text = decision === undefined ? brief : withDecision(brief, decision)
  if (!isUnstorable(brief) && (decision === undefined || !isUnstorable(decision)))
    return { request, attempts, decision, text, brief: decision && brief }
  const kept = storable(parsed(text))
  return { ...kept, text: JSON.stringify(kept) }
}

/** The text of rows. */
export function encodeRows(rows: LedgerRows): string {
  return rows.text ?? withText(rows).text ?? JSON.stringify(rows)
}

const beginning = '{"request":{'

/** As the first member of the request: the other text is neither parsed nor copied. */
function withDecision(brief: string, decision: string): string {
  return `${beginning}"decision":${decision},${brief.slice(beginning.length)}`
}

function isUnstorable(text: string): boolean {
  return text.includes('\\u') && unstorable.test(text)
}

/** NUL and half a surrogate pair, as JSON writes them. Escapes that only look like these cost time and do no harm. */
const unstorable = /\\u0000|\\ud[89a-f]/

/** `JSON.stringify` wrote it. */
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
