import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attempts } from '../../src/db/schema/attempt.ts'
import { requests } from '../../src/db/schema/request.ts'
import { parseNanos } from '../../src/lib/decimal.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { parseMetrics, sumOf } from '../support/metrics.ts'
import { httpError, resetAfter } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let one: OpenaiSimulator
let two: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  one = await startOpenaiSimulator()
  two = await startOpenaiSimulator()
  const provider = (name: string, url: string) => `
    [providers.${name}]
    type = "openai-compatible"
    api_key = "sk-simulated"
    base_url = "${url}"
    [[prices]]
    model = "${name}/gpt-4o"
    currency = "USD"
    input = "0"
    output = "1000000"`
  gateway = await startGateway(`
    ${provider('one', one.url)}
    ${provider('two', two.url)}
    [providers.keyed]
    type = "openai-compatible"
    api_keys = [{ id = "blue", key = "sk-simulated" }, { id = "green", key = "sk-simulated" }]
    base_url = "${two.url}"
    [models.raced]
    strategy = "race"
    deployments = ["one/gpt-4o", "two/gpt-4o"]
    [models.hedged]
    strategy = "hedge"
    hedge_after_ms = 1
    deployments = ["one/gpt-4o", "two/gpt-4o"]
    [models.ordered]
    deployments = ["one/gpt-4o", "two/gpt-4o"]`)
})

afterAll(async () => {
  await gateway.stop()
  await Promise.all([one.close(), two.close()])
})

const messages = [{ role: 'user' as const, content: 'hi' }]
/** An estimate of five dollars: a dollar for each token of the answer. */
const complete = (key: string, model: string, more: object = {}) =>
  gateway.openai(key).chat.completions.create({ model, messages, max_tokens: 5, ...more } as never)

const open = async (): Promise<number> => {
  const headers = { authorization: `Bearer ${gateway.adminKey}` }
  const answer = await fetch(`${gateway.url}/metrics`, { headers })
  return sumOf(parseMetrics(await answer.text()), 'xrouter_limit_reservations_open')
}

const remaining = async (key: string): Promise<string> => {
  const answer = await fetch(`${gateway.url}/v1/key`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return (await answer.json()).budgets[0].remaining
}

/** What the ledger has of a key, in nano-units. */
async function billedTo(keyId: string): Promise<bigint> {
  await gateway.running.services.ledger.flush()
  const [row] = await gateway.running.db
    .select({ nanos: sql<string>`coalesce(sum(${attempts.costNanos}), 0)` })
    .from(attempts)
    .innerJoin(requests, eq(requests.id, attempts.requestId))
    .where(and(eq(requests.apiKeyId, keyId), isNotNull(attempts.costNanos)))
  return BigInt(row?.nanos ?? 0)
}

async function attemptsOf(keyId: string) {
  await gateway.running.services.ledger.flush()
  const rows = await gateway.running.db
    .select({ attempt: attempts })
    .from(attempts)
    .innerJoin(requests, eq(requests.id, attempts.requestId))
    .where(and(eq(requests.apiKeyId, keyId), eq(requests.status, 'succeeded')))
    .orderBy(attempts.model)
  return rows.map(({ attempt }) => [
    attempt.model,
    attempt.status,
    attempt.costNanos,
    attempt.usageEstimated,
  ])
}

async function budgeted(limit: string): Promise<{ id: string; secret: string }> {
  const key = await gateway.createKey()
  await limitMoney(gateway, limit, { scope: 'key', subject: key.id })
  return key
}

describe.each(['raced', 'hedged'])('attempts that run beside each other: %s', (model) => {
  test('each reserve what they may spend, and nothing stays reserved', async () => {
    const { id, secret } = await budgeted('12')
    const upstreams = [one.controlled(), two.controlled()]
    const running = complete(secret, model)
    await Promise.all(upstreams.map(({ received }) => received))
    expect(await remaining(secret)).toBe('2')
    await expect(complete(secret, 'one/gpt-4o')).rejects.toMatchObject({ status: 402 })
    await upstreams[0]?.answer()
    await running
    await expect.poll(open).toBe(0)
    // The one that answered costs what its provider bills, the other what it had said: nothing.
    const line = one.invoice.at(-1)
    expect(await attemptsOf(id)).toEqual([
      ['one/gpt-4o', 'succeeded', BigInt(line?.completionTokens ?? 0) * parseNanos('1'), false],
      ['two/gpt-4o', 'cancelled', 0n, true],
    ])
    const left = parseNanos('12') - (await billedTo(id))
    await expect.poll(async () => parseNanos(await remaining(secret))).toBe(left)
  })

  test('are not begun where the budget has room for one alone, which is called', async () => {
    const { secret } = await budgeted('6')
    const before = one.requests.length + two.requests.length
    await complete(secret, model)
    expect(one.requests.length + two.requests.length).toBe(before + 1)
    await expect.poll(open).toBe(0)
  })

  test('and the one that was not begun takes over when the other fails', async () => {
    const { secret } = await budgeted('5')
    one.next(httpError(500))
    two.next(httpError(500))
    const before = [one.requests.length, two.requests.length]
    await expect(complete(secret, model)).rejects.toMatchObject({ status: 502 })
    expect([one.requests.length, two.requests.length]).toEqual(before.map((count) => count + 1))
    await expect.poll(() => remaining(secret)).toBe('5')
    expect(await open()).toBe(0)
  })

  test('of fifty requests at once leave no reservation behind, and the counter equals the ledger', async () => {
    const { id, secret } = await budgeted('10000')
    await limitRate(gateway, { scope: 'key', subject: id, concurrency: 100, tokensPerDay: 900_000 })
    await Promise.all(Array.from({ length: 50 }, () => complete(secret, model)))
    await expect.poll(open).toBe(0)
    const left = parseNanos('10000') - (await billedTo(id))
    await expect.poll(async () => parseNanos(await remaining(secret))).toBe(left)
  }, 60_000)
})

describe('an attempt after one that has spent something', () => {
  const restart = { stream: true, xrouter: { mid_stream_failure: 'restart' } }

  async function read(stream: unknown): Promise<void> {
    await Array.fromAsync(stream as AsyncIterable<unknown>)
  }

  test('is called where the budget has room for it, and both are billed', async () => {
    const { id, secret } = await budgeted('10')
    one.next(resetAfter(2))
    await read(await complete(secret, 'ordered', restart))
    await expect.poll(open).toBe(0)
    const billed = await billedTo(id)
    expect(billed).toBeGreaterThan(parseNanos('1'))
    await expect
      .poll(async () => parseNanos(await remaining(secret)))
      .toBe(parseNanos('10') - billed)
  })

  test('is not where the budget has none', async () => {
    const { secret } = await budgeted('9')
    one.next(resetAfter(2))
    const before = two.requests.length
    const reading = complete(secret, 'ordered', restart).then(read)
    await expect(reading).rejects.toMatchObject({ code: 'insufficient_quota' })
    expect(two.requests.length).toBe(before)
    await expect.poll(open).toBe(0)
  })
})

test('a failover moves the place from the limit of one provider to that of the next', async () => {
  for (const subject of ['one', 'two']) {
    await limitRate(gateway, { scope: 'provider', subject, concurrency: 1, tokensPerDay: 90_000 })
  }
  const { secret } = await gateway.createKey()
  one.next(httpError(500))
  const hanging = two.controlled()
  const moved = complete(secret, 'ordered')
  await hanging.received
  await complete(secret, 'one/gpt-4o')
  await expect(complete(secret, 'two/gpt-4o')).rejects.toMatchObject({ status: 429 })
  await hanging.answer()
  await moved
  await expect.poll(open).toBe(0)
  await complete(secret, 'two/gpt-4o')
  await expect.poll(open).toBe(0)
})

describe('a limit on a model whose provider has several credentials', () => {
  beforeAll(() => limitRate(gateway, { scope: 'model', subject: 'keyed/gpt-4o', concurrency: 1 }))

  test('holds for all of them together', async () => {
    const { secret } = await gateway.createKey()
    const hanging = two.controlled()
    const first = complete(secret, 'keyed/gpt-4o')
    await hanging.received
    await expect(complete(secret, 'keyed/gpt-4o')).rejects.toMatchObject({ status: 429 })
    await hanging.answer()
    await first
    await expect.poll(open).toBe(0)
  })

  test('lets a failover from one to the other take its place along', async () => {
    const { secret } = await gateway.createKey()
    two.next(httpError(500))
    const { response } = await complete(secret, 'keyed/gpt-4o').withResponse()
    expect(response.headers.get('x-xrouter-attempts')).toBe('2')
    await expect.poll(open).toBe(0)
  })
})
