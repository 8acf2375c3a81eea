import { desc } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway(
    `[limits.tiers.pro]
     concurrency = 7
     [limits.master]
     requests_per_minute = 3
     [providers.demo]
     token_delay_ms = 0
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"`,
    { XROUTER_MASTER_KEY: 'a-master-key-of-some-length' },
  )
})

afterAll(() => gateway.stop())

const admin = () => gateway.createKey({ scopes: ['ADMIN', 'INFERENCE'] })
const messages = [{ role: 'user' as const, content: 'one two three four' }]
const complete = (key: string, more: object = {}) =>
  gateway.openai(key).chat.completions.create({ model: 'demo/echo', messages, ...more })

const isOfThreshold = (line: string) => line.includes('budget.threshold')
const budgetFields = 'id name scope subject limit { amount currency } period timeZone thresholds'
const createBudget = (key: string, input: object) =>
  gateway.graphql<{ createBudget: { id: string } }>(
    `mutation ($input: CreateBudgetInput!) { createBudget(input: $input) { ${budgetFields} } }`,
    { input },
    key,
  )

describe('budgets over GraphQL', () => {
  test('are created, hold, are raised, are told, and go', async () => {
    const { id, secret } = await admin()
    const input = { name: 'tests', scope: 'KEY', subject: id, currency: 'USD', period: 'MONTH' }
    const more = { limit: '8', timeZone: 'Europe/Moscow', thresholds: [50] }
    const { data } = await createBudget(secret, { ...input, ...more })
    expect(data.createBudget).toMatchObject({
      scope: 'KEY',
      limit: { amount: '8', currency: 'USD' },
      timeZone: 'Europe/Moscow',
    })
    await complete(secret, { max_tokens: 4 })
    await expect(complete(secret, { max_tokens: 5 })).rejects.toMatchObject({ status: 402 })
    const viewer = await gateway.graphql(
      '{ viewer { budgets { name limit { amount } remaining { amount } resetsAt } } }',
      {},
      secret,
    )
    expect(viewer.data).toEqual({
      viewer: {
        budgets: [
          {
            name: 'tests',
            limit: { amount: '8' },
            remaining: { amount: '4' },
            resetsAt: expect.stringMatching(/T21:00:00/),
          },
        ],
      },
    })
    // Half of it was spent: one event.
    const told = () => gateway.logs().split('\n').filter(isOfThreshold)
    await vi.waitFor(() => expect(told()).toHaveLength(1))
    const budget = { id: data.createBudget.id, limit: '9' }
    const raised = await gateway.graphql(
      'mutation ($input: UpdateBudgetInput!) { updateBudget(input: $input) { limit { amount } } }',
      { input: budget },
      secret,
    )
    expect(raised.data).toEqual({ updateBudget: { limit: { amount: '9' } } })
    await complete(secret, { max_tokens: 5 })
    await gateway.graphql('mutation ($id: ID!) { deleteBudget(id: $id) { id } }', budget, secret)
    await complete(secret, { max_tokens: 500 })
    const rows = await gateway.running.db.select().from(auditLog).orderBy(desc(auditLog.createdAt))
    const actions = rows.filter(({ entityId }) => entityId === budget.id).map((row) => row.action)
    expect(actions.toSorted()).toEqual(['budget.create', 'budget.delete', 'budget.update'])
  })

  test.each([
    [{ limit: '-1' }, /limit/],
    [{ currency: 'usd' }, /currency/],
    [{ timeZone: 'Mars/Olympus' }, /timeZone/],
    [{ scope: 'TAG', subject: 'team' }, /subject/],
    [{ thresholds: [0] }, /thresholds/],
  ])('refuse %j', async (change, message) => {
    const { secret } = await admin()
    const input = {
      name: 'x',
      scope: 'USER',
      subject: '*',
      limit: '1',
      currency: 'USD',
      period: 'DAY',
    }
    const answer = await createBudget(secret, { ...input, ...change })
    expect(answer.errors?.[0]?.message).toMatch(message)
    expect(answer.errors?.[0]?.extensions?.code).toBe('INVALID_REQUEST')
  })

  test('need MANAGE', async () => {
    const { secret } = await gateway.createKey({ scopes: ['READ', 'INFERENCE'] })
    const input = {
      name: 'x',
      scope: 'USER',
      subject: '*',
      limit: '1',
      currency: 'USD',
      period: 'DAY',
    }
    const answer = await createBudget(secret, input)
    expect(answer.errors?.[0]?.extensions?.code).toBe('PERMISSION_DENIED')
  })
})

describe('what ends an answer', () => {
  test('max_cost passes dear models over before they are called', async () => {
    const { secret } = await gateway.createKey()
    const xrouter = { max_cost: { amount: '3', currency: 'USD' } }
    await expect(complete(secret, { max_tokens: 4, xrouter })).rejects.toMatchObject({
      status: 402,
      message: expect.stringContaining('may cost 4 USD'),
    })
    await expect(complete(secret, { max_tokens: 3, xrouter })).resolves.toBeDefined()
  })

  test('a stream with what was left of its budget ends when that is used up, and is billed', async () => {
    const { id, secret } = await admin()
    const budget = { name: 'small', scope: 'KEY', subject: id, currency: 'USD', period: 'LIFETIME' }
    await createBudget(secret, { ...budget, limit: '30', stopStreamAtLimit: true })
    const content = Array.from({ length: 400 }, (_each, at) => `word${at}`).join(' ')
    const stream = await complete(secret, { stream: true, messages: [{ role: 'user', content }] })
    let text = ''
    const read = async () => {
      for await (const chunk of stream as unknown as AsyncIterable<{
        choices: { delta: { content?: string } }[]
      }>) {
        text += chunk.choices[0]?.delta.content ?? ''
      }
    }
    await expect(read()).rejects.toMatchObject({ code: 'insufficient_quota' })
    expect(text.length).toBeGreaterThan(0)
    expect(text.length).toBeLessThan(content.length)
    await expect(complete(secret)).rejects.toMatchObject({ status: 402 })
  })
})

describe('limits and tiers over GraphQL', () => {
  const setLimit = (key: string, input: object) =>
    gateway.graphql(
      'mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { id scope subject rates { requestsPerDay } } }',
      { input },
      key,
    )

  test('a limit on each user holds for each by itself', async () => {
    const { secret } = await admin()
    await setLimit(secret, { scope: 'USER', subject: '*', rates: { requestsPerDay: 1 } })
    await complete(secret, { user: 'ann' })
    await expect(complete(secret, { user: 'ann' })).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('The user `ann`'),
    })
    await complete(secret, { user: 'bob' })
    const list = await gateway.graphql<{ rateLimits: { id: string }[] }>(
      '{ rateLimits { id scope subject } }',
      {},
      secret,
    )
    expect(list.data.rateLimits).toMatchObject([{ scope: 'USER', subject: '*' }])
    const [limit] = list.data.rateLimits
    await gateway.graphql('mutation ($id: ID!) { deleteRateLimit(id: $id) { id } }', limit, secret)
    await complete(secret, { user: 'ann' })
  })

  test('a limit on a key needs ADMIN: it stands before the tier', async () => {
    const { id, secret } = await gateway.createKey({ scopes: ['MANAGE'], tier: 'free' })
    const rates = { requestsPerMinute: 1_000_000 }
    const answer = await setLimit(secret, { scope: 'KEY', subject: id, rates })
    expect(answer.errors?.[0]?.extensions?.code).toBe('PERMISSION_DENIED')
  })

  test('tiers are data: the configuration and the organisation may give them other numbers', async () => {
    const { secret } = await admin()
    const query = '{ tiers { name rates { requestsPerMinute requestsPerDay concurrency } } }'
    const before = await gateway.graphql<{ tiers: object[] }>(query, {}, secret)
    expect(before.data.tiers).toContainEqual({
      name: 'free',
      rates: { requestsPerMinute: 20, requestsPerDay: 200, concurrency: 5 },
    })
    const pro = await gateway.createKey({ tier: 'pro' })
    const told = async () => {
      const headers = { authorization: `Bearer ${pro.secret}` }
      const { limits } = await (await fetch(`${gateway.url}/v1/key`, { headers })).json()
      return limits.map((each: { limit: number }) => each.limit)
    }
    expect(await told()).toEqual([100, 1000, 7])
    await gateway.graphql(
      'mutation ($input: UpdateTierInput!) { updateTier(input: $input) { name } }',
      { input: { name: 'pro', rates: { requestsPerDay: 9 } } },
      secret,
    )
    expect(await told()).toEqual([9])
  })

  test('the master key passes the same gate', async () => {
    const ends = []
    for (let turn = 0; turn < 4; turn += 1) {
      ends.push(
        await complete(gateway.adminKey).then(
          () => 200,
          (error) => error.status,
        ),
      )
    }
    expect(ends).toEqual([200, 200, 200, 429])
  })
})
