import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let first: OpenaiSimulator
let second: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  first = await startOpenaiSimulator()
  second = await startOpenaiSimulator()
  gateway = await startGateway(`
    [resilience]
    breaker = false
    [providers.east]
    type = "openai-compatible"
    base_url = "${first.url}"
    api_key = "sk-simulated"
    region = "eu"
    data_policy = "no-training"
    [providers.west]
    type = "openai-compatible"
    base_url = "${second.url}"
    api_keys = [{ id = "blue", key = "sk-simulated" }, { id = "green", key = "sk-simulated" }]
    region = "us"
    [providers.wide]
    type = "openai-compatible"
    base_url = "${first.url}"
    api_keys = [${Array.from({ length: 8 }, (_none, at) => `{ id = "k${at}", key = "sk-simulated" }`).join(', ')}]
    [models.spread]
    strategy = "least-latency"
    deployments = ["wide/gpt-4o"]
    [models.smart]
    deployments = [
      { model = "east/gpt-4o", variant = "control" },
      { model = "west/gpt-4o", variant = "new" },
    ]
    [models.roomy]
    strategy = "headroom"
    deployments = ["east/gpt-4o", "demo/echo"]
    [models.canary]
    strategy = "weighted"
    sticky_by = "user"
    deployments = [
      { model = "east/gpt-4o", weight = 1, variant = "control" },
      { model = "demo/echo", weight = 1, variant = "new" },
    ]
    [[prices]]
    model = "east/gpt-4o"
    currency = "USD"
    input = "1"
    output = "2"`)
})

afterAll(async () => {
  await gateway.stop()
  await first.close()
  await second.close()
})

const messages = [{ role: 'user' as const, content: 'hello there' }]

function create(body: object) {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify({ messages, ...body }),
  })
}

interface SeenDecision {
  model: string
  strategy: string
  variant: string | null
  estimatedInputTokens: number
  candidates: { deployment: string; model: string; source: string; estimatedCost: object | null }[]
  excluded: { deployment: string; reason: string; detail: string }[]
}

const fields = `model strategy variant affinity rules estimatedInputTokens estimatedOutputTokens excludedCount
  candidates { deployment model source score parts { name value } estimatedCost { currency amount } }
  excluded { deployment reason detail }`

async function explained(input: object): Promise<SeenDecision> {
  const query = `query ($input: CompletionInput!) { explainRoute(input: $input) { ${fields} } }`
  const answer = await gateway.graphql<{ explainRoute: SeenDecision }>(query, {
    input: { messages: [{ role: 'USER', content: 'hello there' }], ...input },
  })
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  return answer.data.explainRoute
}

async function decisionOf(response: Response): Promise<SeenDecision | null> {
  const query = `query ($id: ID!) { request(id: $id) { decision { ${fields} } } }`
  const id = response.headers.get('x-request-id')
  const answer = await gateway.graphql<{ request: { decision: SeenDecision | null } }>(query, {
    id,
  })
  return answer.data.request.decision
}

describe('a virtual model', () => {
  test('answers as the first of its deployments, and says who it was', async () => {
    const response = await create({ model: 'smart' })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-xrouter-model')).toBe('east/gpt-4o')
    expect(await response.json()).toMatchObject({ model: 'east/gpt-4o' })
  })

  test('goes to the next one where that fails, and each credential is one', async () => {
    first.next(httpError(500))
    const response = await create({ model: 'smart' })
    expect(response.headers.get('x-xrouter-model')).toBe('west/gpt-4o')
    expect(await decisionOf(response)).toMatchObject({
      model: 'smart',
      strategy: 'ORDERED',
      candidates: [
        {
          deployment: 'east/gpt-4o',
          source: 'model',
          estimatedCost: { currency: 'USD', amount: '0.001007' },
        },
        { deployment: 'west/gpt-4o#blue', model: 'west/gpt-4o', estimatedCost: null },
        { deployment: 'west/gpt-4o#green', model: 'west/gpt-4o' },
      ],
      excluded: [],
    })
  })

  test('of many that are drawn tells of the two that were compared, and of all once one has failed', async () => {
    const idsOf = async (response: Response) => {
      const { candidates = [] } = (await decisionOf(response)) ?? {}
      return candidates.map(({ deployment }) => deployment)
    }
    expect(new Set(await idsOf(await create({ model: 'spread' }))).size).toBe(2)
    first.next(httpError(500))
    const response = await create({ model: 'spread' })
    expect(response.headers.get('x-xrouter-attempts')).toBe('2')
    const ids = await idsOf(response)
    expect([ids.length, new Set(ids).size]).toEqual([5, 5])
  })

  test('is listed with what it consists of, through both doors', async () => {
    const headers = { authorization: `Bearer ${gateway.adminKey}` }
    const listed = await fetch(`${gateway.url}/v1/models/smart`, { headers })
    expect(await listed.json()).toMatchObject({
      id: 'smart',
      owned_by: 'virtual',
      strategy: 'ordered',
      deployments: ['east/gpt-4o', 'west/gpt-4o'],
    })
    const answer = await gateway.graphql('{ model(id: "smart") { id strategy deployments } }')
    expect(answer.data).toEqual({
      model: { id: 'smart', strategy: 'ordered', deployments: ['east/gpt-4o', 'west/gpt-4o'] },
    })
  })

  test('falls to one part of an experiment for each user, which is kept with the request', async () => {
    const variants = new Map<string, string>()
    for (let turn = 0; turn < 24; turn += 1) {
      const user = `user-${turn % 12}`
      const decision = await decisionOf(await create({ model: 'canary', user }))
      expect(decision?.strategy).toBe('WEIGHTED')
      const variant = decision?.variant ?? ''
      expect(variants.get(user) ?? variant).toBe(variant)
      variants.set(user, variant)
    }
    expect(new Set(variants.values())).toEqual(new Set(['control', 'new']))
  })
})

describe('what a request asks of its routing', () => {
  test('leaves out who does not fit; the decision says why', async () => {
    const xrouter = { regions: ['us'], strategy: 'least-busy', fallbacks: ['demo/echo'] }
    const response = await create({ model: 'smart', xrouter })
    expect(response.headers.get('x-xrouter-provider')).toBe('west')
    expect(await decisionOf(response)).toMatchObject({
      strategy: 'LEAST_BUSY',
      excluded: [
        { deployment: 'east/gpt-4o', reason: 'REGION', detail: 'its region is eu, not us' },
        { deployment: 'demo/echo', reason: 'REGION' },
      ],
    })
  })

  test('is a clear error where nobody is left, in both doors', async () => {
    const response = await create({ model: 'smart', xrouter: { data_policy: 'no-retention' } })
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { message: string } }
    expect(error.message).toContain('`east/gpt-4o`: its data policy is no-training')
    const answer = await gateway.graphql<{ createCompletion: { code: string } }>(
      `mutation { createCompletion(input: { model: "smart", routing: { dataPolicy: NO_RETENTION },
        messages: [{ role: USER, content: "hi" }] }) { ... on CompletionError { code } } }`,
    )
    expect(answer.data.createCompletion.code).toBe('INVALID_REQUEST')
  })

  test.each([
    [{ strategy: 'best' }, 'xrouter.strategy'],
    [{ sticky_by: 'moon' }, 'xrouter.sticky_by'],
    [{ regions: [] }, 'xrouter.regions'],
    [{ weights: { beauty: 1 } }, 'xrouter.weights'],
    [{ max_price: { currency: 'usd' } }, 'xrouter.max_price.currency'],
    [{ max_cost: { currency: 'USD', amount: 1 } }, 'xrouter.max_cost.amount'],
    [{ parallel: 1 }, 'xrouter.parallel'],
    [{ stratgy: 'ordered' }, 'xrouter.stratgy'],
  ])('%j is refused with its path', async (xrouter, path) => {
    const response = await create({ model: 'smart', xrouter })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: expect.stringContaining(path) } })
  })

  test('one model of one deployment needs no decision, and none is kept', async () => {
    expect(await decisionOf(await create({ model: 'east/gpt-4o' }))).toBeNull()
  })
})

test('headroom counts what is left of our own budget on a model', async () => {
  const input = { name: 'east', scope: 'MODEL', subject: 'east/gpt-4o', period: 'LIFETIME' }
  const created = await gateway.graphql<{ createBudget: { id: string } }>(
    'mutation ($input: CreateBudgetInput!) { createBudget(input: $input) { id } }',
    { input: { ...input, limit: '1', currency: 'USD' } },
  )
  expect(created.errors).toBeUndefined()
  expect((await create({ model: 'east/gpt-4o' })).status).toBe(200)
  for (let turn = 0; turn < 5; turn += 1) {
    const { candidates } = await explained({ model: 'roomy' })
    expect(candidates.map(({ deployment }) => deployment)).toEqual(['demo/echo', 'east/gpt-4o'])
  }
})

describe('explainRoute', () => {
  test('tells the same over REST, in snake case, to whoever may make completions', async () => {
    const called = first.requests.length + second.requests.length
    const body = { model: 'smart', messages, xrouter: { regions: ['eu'], strategy: 'scored' } }
    const { status, told } = await explainOverRest(body)
    expect(status).toBe(200)
    const cost = { currency: 'USD', amount: '0.001007' }
    expect(told).toMatchObject({
      object: 'route.decision',
      model: 'smart',
      strategy: 'scored',
      intent: null,
      rules: [],
      failed_rules: [],
      estimated_input_tokens: 7,
      candidates: [{ deployment: 'east/gpt-4o', source: 'model', estimated_cost: cost }],
      excluded: [
        { deployment: 'west/gpt-4o#blue', reason: 'REGION', detail: 'its region is us, not eu' },
        { deployment: 'west/gpt-4o#green', reason: 'REGION' },
      ],
      excluded_count: 2,
      passed_over: [],
    })
    expect(first.requests.length + second.requests.length).toBe(called)
    const { secret: reader } = await gateway.createKey({ scopes: ['READ'] })
    expect(await explainOverRest(body, reader)).toMatchObject({
      status: 403,
      told: { error: { code: 'permission_denied' } },
    })
    expect(await explainOverRest({ model: 'smart' })).toMatchObject({
      status: 400,
      told: { error: { param: 'messages' } },
    })
    expect(await explainOverRest({ ...body, model: 'nothing' })).toMatchObject({ status: 404 })
  })

  test('tells without calling anybody', async () => {
    const called = first.requests.length + second.requests.length
    const decision = await explained({
      model: 'smart',
      fallbacks: ['demo/echo'],
      routing: {
        strategy: 'SCORED',
        weights: { cost: 1, busy: null },
        maxPrice: { currency: 'USD' },
      },
    })
    expect(first.requests.length + second.requests.length).toBe(called)
    expect(decision).toMatchObject({
      model: 'smart',
      strategy: 'SCORED',
      rules: [],
      estimatedInputTokens: 7,
      estimatedOutputTokens: 500,
      excludedCount: 2,
      candidates: [
        {
          deployment: 'east/gpt-4o',
          score: 0,
          parts: expect.arrayContaining([{ name: 'cost', value: 1 }]),
        },
        { deployment: 'demo/echo', source: 'client', estimatedCost: { amount: '0' } },
      ],
      excluded: [
        { deployment: 'west/gpt-4o#blue', reason: 'PRICE_UNKNOWN' },
        { deployment: 'west/gpt-4o#green', reason: 'PRICE_UNKNOWN' },
      ],
    })
  })

  test('tells of one deployment, and of none', async () => {
    expect((await explained({ model: 'demo/echo' })).candidates).toHaveLength(1)
    const { candidates, excluded } = await explained({
      model: 'smart',
      routing: { allowProviders: ['demo'] },
    })
    expect(candidates).toEqual([])
    expect(excluded.map(({ reason }) => reason)).toEqual(Array(3).fill('PROVIDER_NOT_ALLOWED'))
  })

  test('fails as the completion would where the input is wrong', async () => {
    await expect(explained({ model: 'nothing' })).rejects.toThrow('MODEL_NOT_FOUND')
    await expect(explained({ model: 'smart', messages: [] })).rejects.toThrow('input.messages')
  })

  test('needs the scope INFERENCE', async () => {
    const { secret } = await gateway.createKey({ scopes: ['READ'] })
    const answer = await gateway.graphql(
      '{ explainRoute(input: { model: "smart", messages: [{ role: USER, content: "x" }] }) { model } }',
      {},
      secret,
    )
    expect(answer.errors?.[0]?.extensions?.code).toBe('PERMISSION_DENIED')
  })
})

async function explainOverRest(body: object, key = gateway.adminKey) {
  const response = await fetch(`${gateway.url}/v1/route/explain`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
  const told: unknown = await response.json()
  return { status: response.status, told }
}
