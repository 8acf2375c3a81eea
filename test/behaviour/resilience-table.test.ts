import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'
import { doors as allDoors, type Door, type Visit } from '../support/doors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { complete } from '../support/rest-answer.ts'
import type { Controlled } from '../support/simulators/controlled.ts'
import { httpError, rateLimited } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { resultTable } from '../support/table.ts'

const names = new Set([
  'REST JSON',
  'REST SSE',
  'GraphQL mutation',
  'GraphQL SSE',
  'graphql-ws complete',
])
const doors = allDoors.filter(({ name }) => names.has(name))
const table = resultTable(
  'What resilience makes of a fault, by door: what the client gets (attempts)',
)

let one: OpenaiSimulator
let two: OpenaiSimulator
let gateway: TestGateway

/** Providers of each door alone: what one door has learnt of them is nothing to the next. */
function configuration(): string {
  const provider = (name: string, url: string, more = ''): string =>
    `[providers.${name}]\ntype = "openai-compatible"\napi_key = "sk-simulated"\nbase_url = "${url}"\n${more}`
  const model = (name: string, settings: string, ...deployments: string[]): string =>
    `[models.${name}]\n${settings}\ndeployments = ${JSON.stringify(deployments)}`
  const own = doors.flatMap((_door, at) => [
    provider(`broken-${at}`, one.url),
    provider(`limited-${at}`, one.url),
    model(`broken-or-two-${at}`, '', `broken-${at}/gpt-4o`, 'two/gpt-4o'),
    provider(`minute-${at}`, one.url, 'requests_per_minute = 1'),
    model(`minute-or-two-${at}`, '', `minute-${at}/gpt-4o`, 'two/gpt-4o'),
    model(`limited-or-two-${at}`, '', `limited-${at}/gpt-4o`, 'two/gpt-4o'),
  ])
  const tables = [
    provider('one', one.url),
    provider('two', two.url),
    provider('refusing', one.url),
    model('refused-or-two', '', 'refusing/gpt-4o', 'refusing/gpt-4o-mini', 'two/gpt-4o'),
    provider('busy', one.url, 'max_concurrent = 1'),
    ...own,
    model('hedged', 'strategy = "hedge"\nhedge_after_ms = 1', 'one/gpt-4o', 'two/gpt-4o'),
    model('raced', 'strategy = "race"', 'one/gpt-4o', 'two/gpt-4o'),
    `[resilience]
     max_retries = 0
     queue_size = 1
     breaker_failures = 2
     breaker_open_ms = 60000
     shed_delay_ms = 100`,
  ]
  return tables.join('\n')
}

beforeAll(async () => {
  one = await startOpenaiSimulator()
  two = await startOpenaiSimulator()
  gateway = await startGateway(configuration())
})

afterAll(async () => {
  table.print()
  await gateway.stop()
  await Promise.all([one.close(), two.close()])
})

/** Row by row what happens; `at` is the door's number. The result is the word for the table. */
const rows: Record<string, (door: Door, at: number) => Promise<string>> = {
  breaker: async (door, at) => {
    const model = `broken-${at}/gpt-4o`
    one.next(httpError(500), httpError(500))
    for (let turn = 0; turn < 2; turn += 1) await failing(door, model, 'PROVIDER_ERROR')
    const refused = await uncalled(() => failing(door, model, 'PROVIDER_UNAVAILABLE'))
    expect(refused.attempts).toEqual([])
    const saved = await uncalled(() => answered(door, `broken-or-two-${at}`))
    expect(saved.attempts).toMatchObject([{ model: 'two/gpt-4o', status: 'SUCCEEDED' }])
    return 'refused uncalled (0), else the next (1)'
  },
  cooldown: async (door, at) => {
    const model = `limited-${at}/gpt-4o`
    one.next(rateLimited(30))
    await failing(door, model, 'PROVIDER_RATE_LIMITED')
    const refused = await uncalled(() => failing(door, model, 'PROVIDER_RATE_LIMITED'))
    expect(refused.attempts).toEqual([])
    const saved = await uncalled(() => answered(door, `limited-or-two-${at}`))
    expect(saved.attempts).toMatchObject([{ model: 'two/gpt-4o', status: 'SUCCEEDED' }])
    return 'refused uncalled (0), else the next (1)'
  },
  'own minute': async (door, at) => {
    const first = await answered(door, `minute-or-two-${at}`)
    expect(first.attempts).toMatchObject([{ model: `minute-${at}/gpt-4o` }])
    const model = `minute-${at}/gpt-4o`
    const refused = await uncalled(() => failing(door, model, 'PROVIDER_RATE_LIMITED'))
    expect(refused.attempts).toEqual([])
    const saved = await uncalled(() => answered(door, `minute-or-two-${at}`))
    expect(saved.attempts).toMatchObject([{ model: 'two/gpt-4o', status: 'SUCCEEDED' }])
    return 'refused uncalled (0), else the next (1)'
  },
  queue: async (door) => {
    const model = 'busy/gpt-4o'
    const upstream = one.controlled()
    const first = door.ask(gateway, { model })
    await upstream.received
    const called = one.requests.length
    // One of the two waits, the other finds the queue full.
    const others = [door.ask(gateway, { model }), door.ask(gateway, { model })]
    const refused = await Promise.race(others.map(async (each) => (await each.ended, each)))
    expect(says(refused, 'OVERLOADED')).toBe(true)
    expect(one.requests.length).toBe(called)
    await upstream.answer()
    await Promise.all([first, ...others].map(({ ended }) => ended))
    const whole = [first, ...others].filter((visit) => visit.received().includes('You'))
    expect(whole).toHaveLength(2)
    return 'waits (1), overloaded (0)'
  },
  hedge: (door) => contested(door, 'hedged'),
  race: (door) => contested(door, 'raced'),
}

describe.each(Object.keys(rows))('%s', (row) => {
  test.each(doors.map((door, at) => ({ door, at })))('$door.name', async ({ door, at }) => {
    const work = rows[row]
    if (!work) throw new Error(`there is no row ${row}`)
    await expect(table.cell(row, door.name, () => work(door, at))).resolves.toMatch(/\(\d\)/)
  })
})

test.each([
  ['breaker', 'broken-0/gpt-4o', 60],
  ['cooldown', 'limited-0/gpt-4o', 30],
  ['own minute', 'minute-0/gpt-4o', 60],
])('%s: the refusal says when to come back', async (row, model, most) => {
  await table.cell(row, 'retry-after', async () => {
    const { status, headers } = await complete(gateway, question(model))
    const seconds = Number(headers.get('retry-after'))
    expect(status).toBe(503)
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(most)
    return '503, until then'
  })
})

test('what was passed over when its turn came is kept with the decision', async () => {
  const [door] = doors
  if (!door) throw new Error('there are doors')
  one.next(httpError(401))
  const { id, attempts } = await answered(door, 'refused-or-two')
  // The refused credential is that of the second deployment as well.
  expect(attempts.map(({ model }) => model)).toEqual(['refusing/gpt-4o', 'two/gpt-4o'])
  const query = `query ($id: ID!) { request(id: $id) { decision {
    excludedCount candidates { deployment } passedOver { deployment reason detail } } } }`
  const answer = await gateway.graphql<{ request: { decision: object } }>(query, { id })
  expect(answer.data.request.decision).toEqual({
    excludedCount: 0,
    candidates: ['refusing/gpt-4o', 'refusing/gpt-4o-mini', 'two/gpt-4o'].map((deployment) => ({
      deployment,
    })),
    passedOver: [
      {
        deployment: 'refusing/gpt-4o-mini',
        reason: 'AUTH',
        detail: expect.stringMatching(/^its provider refused the credential; until 20/),
      },
    ],
  })
})

test('shed: all doors to models are refused while the process is behind, and nothing else is', async () => {
  const calm = await newest()
  const work = fallBehind(300)
  try {
    await vi.waitFor(() => expect(gateway.logs()).toContain('behind with the work'), 15_000)
    // What was measured first was in part the calm before.
    await work.turns(6)
    const called = one.requests.length + two.requests.length
    const open = ['/health', '/ready', '/metrics', '/v1/models'].map(async (path) => {
      const headers = { authorization: `Bearer ${gateway.adminKey}` }
      return (await fetch(gateway.url + path, { headers })).status
    })
    const refused = doors.map((door) =>
      table.cell('shed', door.name, async () => {
        const visit = door.ask(gateway, { model: 'two/gpt-4o' })
        await visit.ended
        expect(visit.received().toUpperCase()).toContain('OVERLOADED')
        return 'overloaded (0)'
      }),
    )
    const header = table.cell('shed', 'retry-after', async () => {
      const { status, headers } = await complete(gateway, question('two/gpt-4o'))
      expect([status, headers.get('retry-after')]).toEqual([503, '1'])
      return '503, 1 s'
    })
    await Promise.all([...refused, header])
    expect(await Promise.all(open)).toEqual([200, 200, 200, 200])
    expect(one.requests.length + two.requests.length).toBe(called)
  } finally {
    work.stop()
  }
  await vi.waitFor(() => expect(gateway.logs()).toContain('keeps up with its work again'), 15_000)
  const [door] = doors
  if (door) await answered(door, 'two/gpt-4o')
  expect(await newest()).not.toBe(calm)
  const metrics = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${gateway.adminKey}` },
  })
  expect(await metrics.text()).toMatch(/xrouter_shed_total\{priority="normal"\} [6-9]/)
}, 60_000)

/** The loser is silent, the winner speaks: its answer is whole, the loser's socket is closed, both are on the ledger. */
async function contested(door: Door, model: string): Promise<string> {
  const before = await newest()
  const loser = one.controlled()
  const winner = two.controlled()
  const visit = door.ask(gateway, { model })
  const [lost] = await Promise.all([loser.received, winner.received])
  if (door.stream) await speak(winner, loser, visit)
  else await winner.answer()
  await Promise.all([loser.closed, visit.ended])
  expect(lost.aborted).toBe(true)
  const words = door.stream ? ['whole', 'answer'] : ['You said: hello']
  for (const word of words) expect(visit.received()).toContain(word)
  const row = await settledAfter(before)
  expect(row).toMatchObject({ status: 'succeeded', model: 'two/gpt-4o', provider: 'two' })
  const attempts = row?.attempts.toSorted((a, b) => a.model.localeCompare(b.model))
  expect(attempts).toMatchObject([
    { model: 'one/gpt-4o', status: 'CANCELLED', usage: { estimated: true, outputTokens: 0 } },
    { model: 'two/gpt-4o', status: 'SUCCEEDED' },
  ])
  return `the winner’s, whole (${attempts?.length}), loser closed and billed`
}

async function speak(winner: Controlled, loser: Controlled, visit: Visit): Promise<void> {
  winner.text('whole ')
  await Promise.all([visit.sees('whole'), loser.closed])
  winner.text('answer')
  winner.complete()
}

async function failing(door: Door, model: string, code: ErrorCode) {
  return asked(door, model, (visit) => expect(visit.received().toUpperCase()).toContain(code))
}

async function answered(door: Door, model: string) {
  return asked(door, model, (visit) => expect(visit.received()).toContain('You'))
}

/** One request through a door, and its row. */
async function asked(door: Door, model: string, check: (visit: Visit) => void) {
  const before = await newest()
  const visit = door.ask(gateway, { model })
  await visit.ended
  check(visit)
  const row = await settledAfter(before)
  if (!row) throw new Error('the request is not on the ledger')
  return row
}

/** What is done without any call of the first provider. */
async function uncalled<Result>(work: () => Promise<Result>): Promise<Result> {
  const called = one.requests.length
  const result = await work()
  expect(one.requests.length).toBe(called)
  return result
}

function says(visit: Visit, code: ErrorCode): boolean {
  return visit.received().toUpperCase().includes(code)
}

function question(model: string): object {
  return { model, messages: [{ role: 'user', content: 'hello' }] }
}

function settledAfter(before: string): ReturnType<typeof requestOf> {
  return vi.waitFor(async () => {
    const id = await newest()
    expect(id).not.toBe(before)
    return requestOf(gateway, id)
  })
}

async function newest(): Promise<string> {
  const answer = await gateway.graphql<{ requests: { edges: { node: { id: string } }[] } }>(
    '{ requests(first: 1) { edges { node { id } } } }',
  )
  return answer.data.requests.edges[0]?.node.id ?? ''
}

/** Keeps the event loop busy for so long in each of its turns, until it is told to stop. */
function fallBehind(ms: number) {
  let running = true
  const waiting: (() => void)[] = []
  const turn = (): void => {
    const until = performance.now() + ms
    while (performance.now() < until);
    waiting.shift()?.()
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  const next = () => new Promise<void>((resolve) => waiting.push(resolve))
  return {
    /** Resolves after so many turns. */
    turns: async (count: number): Promise<void> => {
      await Promise.all(Array.from({ length: count }, next))
    },
    stop: () => (running = false),
  }
}
