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
  return `{"request":${encodeRequest(request)},"attempts":[${attempts.map(encodeAttempt).join(',')}]}`
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

type WrittenRequest = Omit<RequestRow, 'createdAt' | 'costNanos' | 'reservedNanos'> & {
  createdAt: string
  costNanos?: string | null
  reservedNanos?: string | null
}

type WrittenAttempt = Omit<AttemptRow, 'startedAt' | 'costNanos' | 'accountingNanos'> & {
  startedAt: string
  costNanos?: string | null
  accountingNanos?: string | null
}

/** The file is our own and every line that parses is whole: `encodeLine` wrote it. */
function trusted(line: unknown): WrittenLine {
  return line as WrittenLine
}

function requestRow({ createdAt, costNanos, reservedNanos, ...row }: WrittenRequest): RequestRow {
  return {
    ...row,
    createdAt: new Date(createdAt),
    ...(costNanos != null && { costNanos: BigInt(costNanos) }),
    ...(reservedNanos != null && { reservedNanos: BigInt(reservedNanos) }),
  }
}

function attemptRow({ startedAt, costNanos, accountingNanos, ...row }: WrittenAttempt): AttemptRow {
  return {
    ...row,
    startedAt: new Date(startedAt),
    ...(costNanos != null && { costNanos: BigInt(costNanos) }),
    ...(accountingNanos != null && { accountingNanos: BigInt(accountingNanos) }),
  }
}

/** JSON has no big numbers; a replacer would be called for every member of every line. */
function encodeRequest(row: RequestRow): string {
  const { costNanos, reservedNanos } = row
  if (costNanos == null && reservedNanos == null) return JSON.stringify(row)
  const big = { costNanos: costNanos?.toString(), reservedNanos: reservedNanos?.toString() }
  return JSON.stringify({ ...row, ...big })
}

function encodeAttempt(row: AttemptRow): string {
  const { costNanos, accountingNanos } = row
  if (costNanos == null) return JSON.stringify(row)
  const big = { costNanos: costNanos.toString(), accountingNanos: accountingNanos?.toString() }
  return JSON.stringify({ ...row, ...big })
}
