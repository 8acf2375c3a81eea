import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'

let count = 0

/** A settled request of one answered attempt, at noon of 20 November; what matters to the test is given. */
export function usageEntry(
  organization: string,
  changes: Partial<Omit<LedgerEntry, 'settlement'>> & {
    id?: string
    status?: LedgerEntry['settlement']['status']
    attempts?: Partial<AttemptRecord>[]
  } = {},
): LedgerEntry {
  const { id = `req_${organization}_${(count += 1)}`, status = 'succeeded', ...entry } = changes
  const createdAt = changes.createdAt ?? new Date('2026-11-20T12:00:00Z')
  const attempts = (changes.attempts ?? [{}]).map((attempt, index) => ({
    ...answered,
    startedAt: createdAt,
    number: index + 1,
    ...attempt,
  }))
  const answering = attempts.findLast((attempt) => attempt.status === 'succeeded')
  const { model, provider, usage, cost } = answering ?? {}
  return {
    organization,
    apiKeyId: null,
    door: 'rest',
    requestedModel: 'openai/gpt-4o',
    stream: false,
    latencyMs: 20,
    ...entry,
    createdAt,
    settlement: { requestId: id, status, attempts, model, provider, usage, cost },
  }
}

const answered: Omit<AttemptRecord, 'startedAt' | 'number'> = {
  provider: 'openai',
  model: 'openai/gpt-4o',
  status: 'succeeded',
  latencyMs: 10,
  usage: { inputTokens: 10, outputTokens: 5, estimated: false },
  cost: { currency: 'USD', nanos: 1_000n },
}

/** What an attempt that never got an answer is. */
export const refused = {
  status: 'failed',
  errorCode: 'PROVIDER_ERROR',
  usage: undefined,
  cost: undefined,
} as const satisfies Partial<AttemptRecord>
