import { createReadStream, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { lockFile } from '../lib/file-lock.ts'
import type { StoredDecision } from '../protocol/stored-decision.ts'
import { decodeLine } from './journal-format.ts'
import type { LedgerRows } from './ledger-rows.ts'

const batchRowsMax = 500

export interface RecoveryOptions {
  /** The folder of all journals. */
  root: string
  /** The name of this process's own folder. */
  own: string
  write: (batch: readonly LedgerRows[]) => Promise<void>
}

/** What was found of processes that died. */
export interface Recovered {
  settled: number
  interrupted: number
}

/**
 * Writes to the database what dead processes still owed it, and removes their journals. A journal
 * whose lock is held belongs to a living process and is left alone. Rejects when the database does.
 */
export async function recoverJournals(options: RecoveryOptions): Promise<Recovered> {
  const found: Recovered = { settled: 0, interrupted: 0 }
  for (const entry of readdirSync(options.root, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === options.own) continue
    const folder = join(options.root, entry.name)
    const lock = lockFile(join(folder, 'lock'))
    if (!lock) continue
    try {
      const { settled, interrupted } = await recoverJournal(folder, options)
      found.settled += settled
      found.interrupted += interrupted
      rmSync(folder, { recursive: true })
    } finally {
      lock.release()
    }
  }
  return found
}

async function recoverJournal(folder: string, { write }: RecoveryOptions): Promise<Recovered> {
  const open = new Map<string, LedgerRows>()
  const lastWriteMs = new Map<string, number>()
  let settled = 0
  for (const path of segmentsOf(folder)) {
    const writtenAtMs = statSync(path).mtimeMs
    for await (const { type, rows } of linesOf(path)) {
      const { id } = rows.request
      if (type === 'open') {
        open.set(id, rows)
        lastWriteMs.set(id, writtenAtMs)
      } else open.delete(id)
    }
    settled += await writeSettled(path, write)
  }
  const interrupted = [...open].map(([id, rows]) => interruptedAt(rows, lastWriteMs.get(id) ?? 0))
  for (let at = 0; at < interrupted.length; at += batchRowsMax) {
    await write(interrupted.slice(at, at + batchRowsMax))
  }
  return { settled, interrupted: interrupted.length }
}

/** Writes every settled request of a segment; how many there were. */
export async function writeSettled(path: string, write: RecoveryOptions['write']): Promise<number> {
  let settled = 0
  let batch: LedgerRows[] = []
  // Written with the `open` of a request, and with its `close` only where that has another one.
  const decisions = new Map<string, StoredDecision>()
  for await (const { type, rows } of linesOf(path)) {
    const { request } = rows
    if (type === 'open') {
      if (request.decision) decisions.set(request.id, request.decision)
      continue
    }
    request.decision ??= decisions.get(request.id)
    decisions.delete(request.id)
    batch.push(rows)
    settled += 1
    if (batch.length < batchRowsMax) continue
    await write(batch)
    batch = []
  }
  if (batch.length > 0) await write(batch)
  return settled
}

function segmentsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .map((name) => join(folder, name))
}

async function* linesOf(path: string) {
  for await (const text of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    const line = text === '' ? undefined : decodeLine(text)
    if (line) yield line
  }
}

/** Nobody saw the end of it: it lasted at least until the journal was last written to. */
function interruptedAt({ request, attempts }: LedgerRows, writtenAtMs: number): LedgerRows {
  const since = (start: string): number => Math.max(0, writtenAtMs - Date.parse(start))
  return {
    request: { ...request, latencyMs: since(request.createdAt) },
    attempts: attempts.map((attempt) =>
      attempt.errorCode === 'INTERRUPTED'
        ? { ...attempt, latencyMs: since(attempt.startedAt) }
        : attempt,
    ),
  }
}
