import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { idempotencyKeys } from '../../src/db/schema/idempotency-key.ts'
import {
  claimIdempotencyKey,
  keepIdempotentAnswer,
  releaseIdempotencyKey,
  renewIdempotencyKey,
  sweepIdempotencyKeys,
  type IdempotentRequest,
} from '../../src/services/idempotency-keys.ts'
import { startDatabase } from '../support/gateway.ts'

let database: Awaited<ReturnType<typeof startDatabase>>
let handle: DatabaseHandle
let request: IdempotentRequest
let count = 0

beforeAll(async () => {
  database = await startDatabase()
  handle = connect(database.address)
})

afterAll(async () => {
  await handle.close()
  await database.stop()
})

beforeEach(() => {
  count += 1
  request = {
    organizationId: 'org_1',
    actorId: 'key_1',
    key: `k ${count}`,
    fingerprint: 'f',
    requestId: 'req_1',
  }
})

const claim = (changes: Partial<IdempotentRequest> = {}) =>
  claimIdempotencyKey(handle, { ...request, ...changes })
const row = async () => {
  const rows = await handle.db
    .select()
    .from(idempotencyKeys)
    .where(eq(idempotencyKeys.key, request.key))
  return rows[0]
}
const secondsLeft = async () => ((await row())?.expiresAt.getTime() ?? 0) / 1000 - Date.now() / 1000
const expire = () =>
  handle.db
    .update(idempotencyKeys)
    .set({ expiresAt: sql`now() - interval '1 second'` })
    .where(eq(idempotencyKeys.key, request.key))

const answer = {
  status: 200,
  headers: { 'content-type': 'application/json', 'x-request-id': 'req_1' },
  body: Buffer.from([0, 1, 0xff, 0x7b]),
}

describe('an idempotency key', () => {
  test('is for the first request; others wait for it, and then get its answer byte for byte', async () => {
    expect(await claim()).toEqual({ kind: 'run' })
    expect(await claim({ requestId: 'req_2' })).toEqual({ kind: 'running' })
    await keepIdempotentAnswer(handle, request, answer)
    expect(await claim({ requestId: 'req_3' })).toEqual({ kind: 'answered', answer })
  })

  test('is taken once by many at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `req_${index}`)
    const claims = await Promise.all(ids.map((requestId) => claim({ requestId })))
    expect(claims.filter(({ kind }) => kind === 'run')).toHaveLength(1)
    expect(claims.filter(({ kind }) => kind === 'running')).toHaveLength(19)
  })

  test('that is over is taken once by many at once', async () => {
    await claim()
    await expire()
    const ids = Array.from({ length: 20 }, (_, index) => `req_again_${index}`)
    const claims = await Promise.all(ids.map((requestId) => claim({ requestId })))
    expect(claims.filter(({ kind }) => kind === 'run')).toHaveLength(1)
  })

  test('of another request is told from a repetition, running or answered', async () => {
    await claim()
    expect(await claim({ fingerprint: 'g' })).toEqual({ kind: 'other-request' })
    await keepIdempotentAnswer(handle, request, answer)
    expect(await claim({ fingerprint: 'g' })).toEqual({ kind: 'other-request' })
  })

  test('is nothing to other actors and other organisations', async () => {
    await claim()
    expect(await claim({ actorId: 'key_2' })).toEqual({ kind: 'run' })
    expect(await claim({ organizationId: 'org_2' })).toEqual({ kind: 'run' })
    await releaseIdempotencyKey(handle, { ...request, actorId: 'key_2' })
    expect(await claim()).toEqual({ kind: 'running' })
  })

  test('that was let go is free', async () => {
    await claim()
    await releaseIdempotencyKey(handle, request)
    expect(await claim({ fingerprint: 'g' })).toEqual({ kind: 'run' })
  })

  test('runs for a minute after it was last heard of, and is kept for a day', async () => {
    await claim()
    expect(await secondsLeft()).toBeCloseTo(60, -1)
    await expire()
    await renewIdempotencyKey(handle, request)
    expect(await secondsLeft()).toBeCloseTo(60, -1)
    await keepIdempotentAnswer(handle, request, answer)
    expect(await secondsLeft()).toBeCloseTo(86_400, -2)
  })

  test('that another request has taken over is not touched by the one that was believed dead', async () => {
    await claim()
    await expire()
    const second = { ...request, requestId: 'req_2' }
    expect(await claimIdempotencyKey(handle, second)).toEqual({ kind: 'run' })
    await expire()
    await renewIdempotencyKey(handle, request)
    expect(await secondsLeft()).toBeLessThan(0)
    await keepIdempotentAnswer(handle, request, { ...answer, status: 500 })
    await releaseIdempotencyKey(handle, request)
    expect(await row()).toMatchObject({ requestId: 'req_2', status: null, body: null })
  })

  test('with an answer is not let go', async () => {
    await claim()
    await keepIdempotentAnswer(handle, request, { ...answer, body: null })
    await releaseIdempotencyKey(handle, request)
    expect(await claim()).toEqual({ kind: 'answered', answer: { ...answer, body: null } })
  })

  test('that is taken anew keeps nothing of what was answered before', async () => {
    await claim()
    await keepIdempotentAnswer(handle, request, answer)
    await expire()
    expect(await claim({ requestId: 'req_2', fingerprint: 'g' })).toEqual({ kind: 'run' })
    expect(await row()).toMatchObject({ status: null, headers: null, body: null, fingerprint: 'g' })
  })

  test('is thrown away when it is over, and not before', async () => {
    await claim()
    await sweepIdempotencyKeys(handle)
    expect(await row()).toBeDefined()
    await expire()
    await sweepIdempotencyKeys(handle)
    expect(await row()).toBeUndefined()
  })
})
