import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import { rowsOf, type LedgerRows } from '../../src/gateway/ledger-rows.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'

const attempt: AttemptRecord = {
  number: 1,
  provider: 'test',
  model: 'test/model',
  status: 'succeeded',
  startedAt: new Date('2026-11-20T10:00:00.123Z'),
  latencyMs: 12.5,
  usage: {
    inputTokens: 3,
    outputTokens: 5,
    estimated: false,
    raw: { dialect: 'x', body: { a: 1 } },
  },
  cost: { currency: 'USD', nanos: 123_456_789_012_345_678_901n },
  price: { currency: 'USD', perMillion: { inputTokens: '0.15' }, source: 'test' },
}

export function entryFor(id: string): LedgerEntry {
  return {
    settlement: {
      requestId: id,
      status: 'succeeded',
      model: attempt.model,
      provider: attempt.provider,
      attempts: [attempt],
      usage: attempt.usage,
      cost: attempt.cost,
    },
    organization: 'org_default',
    apiKeyId: null,
    createdAt: new Date('2026-11-20T10:00:00.100Z'),
    door: 'rest',
    requestedModel: 'test/model',
    stream: false,
    latencyMs: 20,
    tags: { team: 'a' },
  }
}

/** A settled request in the form of its tables. */
export const rowsFor = (id: string): LedgerRows => rowsOf(entryFor(id))

/** What is noted of a request before its upstream is called. */
export function runningRows(id: string): LedgerRows {
  const entry = entryFor(id)
  entry.settlement.status = 'interrupted'
  entry.settlement.attempts = [
    { ...attempt, status: 'failed', errorCode: 'INTERRUPTED', latencyMs: 0 },
  ]
  entry.errorCode = 'INTERRUPTED'
  return rowsOf({ ...entry, latencyMs: 0 })
}

/** Stands for the database: an id is written once and stays as it is; it can be made to fail. */
export function createTable() {
  const rows = new Map<string, LedgerRows>()
  let left = Infinity
  const poison = new Set<string>()
  return {
    write: async (batch: readonly LedgerRows[]): Promise<void> => {
      if (left <= 0) throw new Error('down')
      const bad = batch.find(({ request }) => poison.has(request.id))
      if (bad) throw Object.assign(new Error('invalid byte sequence'), { code: '22021' })
      left -= 1
      for (const each of batch) if (!rows.has(each.request.id)) rows.set(each.request.id, each)
    },
    /** This many writes work, later ones fail. */
    failAfter: (writes: number) => void (left = writes),
    poison: (id: string) => void poison.add(id),
    get: (id: string) => rows.get(id),
    statuses: () => Object.fromEntries([...rows].map(([id, { request }]) => [id, request.status])),
    ids: () => [...rows.keys()],
  }
}
