import { storable } from '../lib/storable.ts'
import type { AttemptRow, LedgerRows, RequestRow } from './ledger-rows.ts'

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
  const text = json(rows)
  if (!unstorable.test(text)) return { ...rows, text }
  const kept = storable(rows)
  return { ...kept, text: json(kept) }
}

/** The text of rows. */
export function encodeRows(rows: LedgerRows): string {
  return rows.text ?? withText(rows).text ?? json(rows)
}

/** NUL and half a surrogate pair, as JSON writes them. Escapes that only look like these cost time and do no harm. */
const unstorable = /\\u0000|\\ud[89a-f]/

function json({ request, attempts }: LedgerRows): string {
  return `{"request":${encodeRow(request)},"attempts":[${attempts.map(encodeRow).join(',')}]}`
}

/** The line, or undefined for one that was torn when its process died. */
export function decodeLine(text: string): JournalLine | undefined {
  try {
    const line = trusted(JSON.parse(text))
    if (line.type !== 'open' && line.type !== 'close') return undefined
    const { request, attempts } = line.rows
    return {
      type: line.type,
      rows: { request: requestRow(request), attempts: attempts.map(attemptRow) },
    }
  } catch {
    return undefined
  }
}

/** What a line looks like before its dates and big numbers are made of text again. */
interface WrittenLine {
  type: JournalLine['type']
  rows: { request: WrittenRequest; attempts: WrittenAttempt[] }
}

type WrittenRequest = Omit<RequestRow, 'createdAt' | 'costNanos'> & {
  createdAt: string
  costNanos?: string | null
}

type WrittenAttempt = Omit<AttemptRow, 'startedAt' | 'costNanos'> & {
  startedAt: string
  costNanos?: string | null
}

/** The file is our own and every line that parses is whole: `encodeLine` wrote it. */
function trusted(line: unknown): WrittenLine {
  return line as WrittenLine
}

function requestRow({ createdAt, costNanos, ...row }: WrittenRequest): RequestRow {
  return { ...row, createdAt: new Date(createdAt), ...bigCost(costNanos) }
}

function attemptRow({ startedAt, costNanos, ...row }: WrittenAttempt): AttemptRow {
  return { ...row, startedAt: new Date(startedAt), ...bigCost(costNanos) }
}

/** JSON has no big numbers; a replacer would be called for every member of every line. */
function encodeRow(row: RequestRow | AttemptRow): string {
  const { costNanos } = row
  return typeof costNanos === 'bigint'
    ? JSON.stringify({ ...row, costNanos: costNanos.toString() })
    : JSON.stringify(row)
}

function bigCost(text: string | null | undefined): { costNanos?: bigint } {
  return text === null || text === undefined ? {} : { costNanos: BigInt(text) }
}
