import type { AttemptRow, LedgerRows, RequestRow } from './ledger-rows.ts'

/** `open`: an upstream is about to be called. `close`: the request is settled. A later line of an id replaces an earlier one. */
export interface JournalLine {
  type: 'open' | 'close'
  rows: LedgerRows
}

/** One line of JSON. Text that Postgres cannot hold (NUL, half a surrogate pair) is replaced, or one such row would block the rest. */
export function encodeLine(line: JournalLine): string {
  const { request, attempts } = line.rows
  const rows = { request: written(request), attempts: attempts.map(written) }
  const text = JSON.stringify({ type: line.type, rows })
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
  costNanos: string | null
}

type WrittenAttempt = Omit<AttemptRow, 'startedAt' | 'costNanos'> & {
  startedAt: string
  costNanos: string | null
}

/** The file is our own and every line that parses is whole: `encodeLine` wrote it. */
function trusted(line: unknown): WrittenLine {
  return line as WrittenLine
}

function requestRow({ createdAt, costNanos, ...row }: WrittenRequest): RequestRow {
  return { ...row, createdAt: new Date(createdAt), costNanos: bigint(costNanos) }
}

function attemptRow({ startedAt, costNanos, ...row }: WrittenAttempt): AttemptRow {
  return { ...row, startedAt: new Date(startedAt), costNanos: bigint(costNanos) }
}

/** JSON has no big numbers; a replacer would be called for every member of every line. */
function written<Row extends { costNanos?: bigint | null | undefined }>(row: Row) {
  return { ...row, costNanos: row.costNanos?.toString() ?? null }
}

function bigint(text: string | null): bigint | null {
  return text === null ? null : BigInt(text)
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\u0000', '\ufffd').toWellFormed()
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [cleaned(key), cleaned(member)])
  return Object.fromEntries(entries)
}
