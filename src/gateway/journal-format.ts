import type { AttemptRow, LedgerRows, RequestRow } from './ledger-rows.ts'

/** `open`: an upstream is about to be called. `close`: the request is settled. A later line of an id replaces an earlier one. */
export interface JournalLine {
  type: 'open' | 'close'
  rows: LedgerRows
}

/** One line of JSON. */
export function encodeLine({ type, rows }: JournalLine): string {
  return `{"type":"${type}","rows":${rows.text ?? encodeRows(rows)}}`
}

/**
 * Rows as JSON, for the journal and for the database. Text that Postgres cannot hold (NUL, half a surrogate
 * pair) is replaced, or one such row would block the rest.
 */
export function encodeRows({ request, attempts }: LedgerRows): string {
  const texts = attempts.map(encodeRow)
  const text = `{"request":${encodeRow(request)},"attempts":[${texts.join(',')}]}`
  return /\\u0000|\\ud[89a-f]/.test(text) ? JSON.stringify(cleaned(JSON.parse(text))) : text
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

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\u0000', '\ufffd').toWellFormed()
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [cleaned(key), cleaned(member)])
  return Object.fromEntries(entries)
}
