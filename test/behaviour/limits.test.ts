import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney, limitRate } from '../support/limit-rows.ts'
import { requestOf } from '../support/ledger.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.demo]
     token_delay_ms = 0
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

const messages = [{ role: 'user' as const, content: 'hi' }]
const complete = (key: string, more: object = {}) =>
  gateway.openai(key).chat.completions.create({ model: 'demo/echo', messages, ...more })

/** How so many requests at once end: 200, or the status of the refusal. */
async function storm(count: number, key: string, more: object = {}): Promise<number[]> {
  const ends = Array.from({ length: count }, () =>
    complete(key, more).then(
      () => 200,
      (error: { status: number }) => error.status,
    ),
  )
  return Promise.all(ends)
}

const admitted = (statuses: readonly number[]) => statuses.filter((each) => each === 200).length

describe('the tier of a key', () => {
  test('free: 20 requests, and one more for each three seconds that pass', async () => {
    await limitRate(gateway, { scope: 'key', subject: '*', concurrency: 1000 })
    const { secret } = await gateway.createKey({ tier: 'free' })
    const startedAt = performance.now()
    const statuses = await storm(60, secret)
    const refilled = Math.ceil((performance.now() - startedAt) / 3000)
    expect(admitted(statuses)).toBeGreaterThanOrEqual(20)
    expect(admitted(statuses)).toBeLessThanOrEqual(20 + refilled)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
  })

  test('as many requests a day as the limit says, exactly, in a storm', async () => {
    const { id, secret } = await gateway.createKey()
    await limitRate(gateway, { scope: 'key', subject: id, requestsPerDay: 30 })
    expect(admitted(await storm(90, secret))).toBe(30)
  })

  test('tells what is left, and when to come again', async () => {
    const { secret } = await gateway.createKey({ tier: 'free' })
    const { response } = await complete(secret).withResponse()
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('20')
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('19')
    expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(3s|2\.\d+s)$/)
    await storm(30, secret)
    const error: unknown = await complete(secret).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('20 requests per minute'),
    })
    const { headers } = error as { headers: Headers }
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(3)
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('0')
  })

  test('enterprise: nothing is limited and nothing is told', async () => {
    const { secret } = await gateway.createKey({ tier: 'enterprise' })
    const { response } = await complete(secret).withResponse()
    expect(response.headers.get('x-ratelimit-limit-requests')).toBeNull()
  })
})

describe('a budget', () => {
  test('500 at once on a budget for 100: exactly 100, and not a nano-unit more', async () => {
    const { id, secret } = await gateway.createKey()
    await limitMoney(gateway, '100', { scope: 'key', subject: id })
    const statuses = await storm(500, secret, { max_tokens: 1 })
    expect(admitted(statuses)).toBe(100)
    expect(new Set(statuses)).toEqual(new Set([200, 402]))
    const refused: unknown = await complete(secret, { max_tokens: 1 }).catch(
      (error: unknown) => error,
    )
    expect(refused).toMatchObject({
      code: 'insufficient_quota',
      message: expect.stringMatching(/has 0 USD of 100 USD left/),
    })
  })

  test('gives back what an answer did not use', async () => {
    const { id, secret } = await gateway.createKey()
    await limitMoney(gateway, '10', { scope: 'key', subject: id })
    for (let turn = 0; turn < 5; turn += 1) await complete(secret, { max_tokens: 5 })
    await expect(complete(secret, { max_tokens: 6 })).rejects.toMatchObject({ status: 402 })
    await expect(complete(secret, { max_tokens: 5 })).resolves.toBeDefined()
  })

  test('of a model without a price refuses it', async () => {
    const { id, secret } = await gateway.createKey()
    await limitMoney(gateway, '10', { scope: 'key', subject: id })
    await expect(complete(secret, { model: 'openai/unknown-model' })).rejects.toMatchObject({
      status: 402,
      message: expect.stringContaining('is not known'),
    })
  })

  test('what is refused is on the ledger, and free', async () => {
    const { id, secret } = await gateway.createKey()
    await limitMoney(gateway, '0', { scope: 'key', subject: id })
    const error: unknown = await complete(secret).catch((reason: unknown) => reason)
    const { requestID } = error as { requestID: string }
    expect(await requestOf(gateway, requestID)).toMatchObject({
      status: 'failed',
      errorCode: 'INSUFFICIENT_QUOTA',
      attempts: [],
    })
  })
})

test('requests at once: as many as the limit says, and again when one has ended', async () => {
  const { id, secret } = await gateway.createKey()
  await limitRate(gateway, { scope: 'key', subject: id, concurrency: 2 })
  const upstreams = [simulator.controlled(), simulator.controlled()]
  const model = 'openai/gpt-4o-mini'
  const running = upstreams.map(() => complete(secret, { model }))
  await Promise.all(upstreams.map(({ received }) => received))
  await expect(complete(secret, { model })).rejects.toMatchObject({
    status: 429,
    message: expect.stringContaining('2 requests under way'),
  })
  for (const upstream of upstreams) await upstream.answer()
  await Promise.all(running)
  await expect
    .poll(() =>
      complete(secret, { model }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
})
