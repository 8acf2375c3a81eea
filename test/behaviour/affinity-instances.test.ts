import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDatabase, testSecret, type TestDatabase } from '../support/databases.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startRedis, type RedisServer } from '../support/services-redis.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

/** As many deployments as make an accident unlikely: each a provider with a prompt cache of its own. */
const count = 6

let server: RedisServer
let database: TestDatabase
let simulators: OpenaiSimulator[]
let one: TestGateway
let two: TestGateway

beforeAll(async () => {
  server = await startRedis()
  database = await createDatabase()
  simulators = await Promise.all(Array.from({ length: count }, () => startOpenaiSimulator()))
  const providers = simulators.map(
    ({ url }, at) => `[providers.p${at}]
      type = "openai-compatible"
      base_url = "${url}"
      api_key = "sk-simulated"`,
  )
  const deployments = simulators.map((_each, at) => `"p${at}/gpt-4o"`).join(', ')
  const model = (name: string, affinity: string): string => `[models.${name}]
    strategy = "weighted"
    deployments = [${deployments}]
    ${affinity}`
  const toml = [
    ...providers,
    model('sticky', 'stickiness = "session"'),
    model('prefixed', 'prefix_affinity = true'),
    model('scattered', ''),
  ].join('\n')
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: server.url,
    XROUTER_SECRET: testSecret,
    XROUTER_MASTER_KEY: 'a-master-key-of-some-length',
  }
  one = await startGateway(toml, environment)
  two = await startGateway(toml, environment)
})

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()])
  await Promise.all([...simulators.map((each) => each.close()), server.stop()])
  await database.drop()
})

interface Asked {
  model: string
  messages: object[]
  session?: string
}

/** Who answered, and how many tokens of the prompt it had in its cache. */
async function ask(gateway: TestGateway, { model, messages, session }: Asked) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, ...(session && { xrouter: { session } }) }),
  })
  expect(response.status).toBe(200)
  const { usage } = (await response.json()) as {
    usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } }
  }
  return {
    by: response.headers.get('x-xrouter-provider') ?? '',
    tokens: usage.prompt_tokens,
    cached: usage.prompt_tokens_details.cached_tokens,
  }
}

/** Where an instance would send such a request now, and why there. */
async function decided(gateway: TestGateway, { model, messages, session }: Asked) {
  const response = await fetch(`${gateway.url}/v1/route/explain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, ...(session && { xrouter: { session } }) }),
  })
  const told = (await response.json()) as {
    affinity: string | null
    candidates: { deployment: string; cached_share: number | null }[]
  }
  const { affinity, candidates } = told
  return { affinity, first: candidates[0]?.deployment.split('/')[0], candidates }
}

const user = (content: string) => ({ role: 'user', content })
/** Some 1,500 tokens. */
const article = (name: string): string => `${name} ${'the quick brown fox jumps '.repeat(300)}`

test('a session goes on at the deployment where it began, from whichever instance', async () => {
  const sessions = Array.from({ length: 8 }, (_none, at) => `conversation-${at}`)
  for (const session of sessions) {
    const asked = { model: 'sticky', messages: [user('hello')], session }
    const { by } = await ask(one, asked)
    await vi.waitFor(async () => expect((await decided(two, asked)).affinity).toBe('session'))
    expect((await decided(two, asked)).first).toBe(by)
    for (const gateway of [two, one, two]) expect((await ask(gateway, asked)).by).toBe(by)
  }
})

test('a prompt goes where its beginning was read before, and is read from that provider’s cache', async () => {
  let cached = 0
  let tokens = 0
  for (let turn = 0; turn < 5; turn += 1) {
    const opening = [user(article(`article ${turn}`))]
    const { by } = await ask(one, { model: 'prefixed', messages: opening })
    const further = { role: 'assistant', content: 'Read.' }
    const asked = { model: 'prefixed', messages: [...opening, further, user('And now?')] }
    await vi.waitFor(async () => expect((await decided(two, asked)).affinity).toBe('prefix'))
    const answer = await ask(two, asked)
    expect(answer.by).toBe(by)
    cached += answer.cached
    tokens += answer.tokens
  }
  expect(cached / tokens).toBeGreaterThan(0.8)
})

test('without affinity the same conversations are spread, and little of them is cached', async () => {
  let cached = 0
  let tokens = 0
  const homes = new Set<string>()
  for (let turn = 0; turn < 12; turn += 1) {
    const opening = [user(article(`chapter ${turn}`))]
    const first = await ask(one, { model: 'scattered', messages: opening })
    const asked = { model: 'scattered', messages: [...opening, user('And now?')] }
    const answer = await ask(two, asked)
    if (first.by === answer.by) homes.add(first.by)
    cached += answer.cached
    tokens += answer.tokens
  }
  expect(homes.size).toBeLessThan(count)
  expect(cached / tokens).toBeLessThan(0.7)
})

test('what comes of it is measured by each deployment and shown', async () => {
  const { candidates } = await decided(two, { model: 'prefixed', messages: [user('hello')] })
  const shares = candidates.flatMap(({ cached_share: share }) => share ?? [])
  expect(Math.max(...shares)).toBeGreaterThan(0.2)
  for (const share of shares) expect(share).toBeLessThanOrEqual(1)
})
