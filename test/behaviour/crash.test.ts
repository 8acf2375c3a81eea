import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databasesUnderTest } from '../support/databases.ts'
import { startProcess } from '../support/process.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

const rounds = 20
const key = 'a-master-key-for-the-crash-test'

let simulator: OpenaiSimulator
const folder = mkdtempSync(join(tmpdir(), 'xrouter-crash-'))

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
})

afterAll(async () => {
  await simulator.close()
  rmSync(folder, { recursive: true, force: true })
})

const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
const messages = [{ role: 'user', content: 'hello there' }]

/** Each door's exchange: the request's id when the whole answer was received, else undefined. */
const exchanges: ((url: string) => Promise<string | undefined>)[] = [
  async (url) => {
    const answer = await rest(url, { model: 'openai/gpt-4o', messages })
    return (await answer.json()).choices
      ? (answer.headers.get('x-request-id') ?? undefined)
      : undefined
  },
  async (url) => {
    const answer = await rest(url, { model: 'openai/gpt-4o', messages, stream: true })
    const text = await answer.text()
    return text.endsWith('data: [DONE]\n\n')
      ? (answer.headers.get('x-request-id') ?? undefined)
      : undefined
  },
  async (url) => {
    const query = `mutation { createCompletion(input: { model: "openai/gpt-4o", messages: [{ role: USER, content: "hi" }] }) {
      ... on Completion { id } } }`
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    })
    return (await answer.json()).data?.createCompletion?.id
  },
]

function rest(url: string, body: object): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
}

/** Sends until the gateway is gone, and tells the id of each request whose answer came back whole. */
async function load(
  url: string,
  { received, gone }: { received: (id: string) => void; gone: () => boolean },
): Promise<void> {
  const client = async (seat: number): Promise<void> => {
    for (let turn = seat; !gone(); turn += 1) {
      const id = await exchanges[turn % exchanges.length]?.(url).catch(() => undefined)
      if (id) received(id)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, seat) => client(seat)))
}

interface Seen {
  id: string
  status: string
  attempts: { number: number; status: string }[]
}

async function ledgerOf(url: string): Promise<Seen[]> {
  const rows: Seen[] = []
  let after: string | null = null
  for (;;) {
    const answer: Response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        query: `query ($after: String) { requests(first: 100, after: $after) {
          edges { node { id status attempts { number status } } } pageInfo { hasNextPage endCursor } } }`,
        variables: { after },
      }),
    })
    const { requests } = (await answer.json()).data
    rows.push(...requests.edges.map((edge: { node: Seen }) => edge.node))
    if (!requests.pageInfo.hasNextPage) return rows
    after = requests.pageInfo.endCursor
  }
}

/** What the roll-ups say of the same requests. */
async function usageOf(
  url: string,
): Promise<{ requests: string; attempts: string; errors: string }> {
  const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString())
  const answer: Response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      query: `query ($filter: UsageFilter!) { usage(filter: $filter) { requests attempts errors } }`,
      variables: { filter: { from, to } },
    }),
  })
  return (await answer.json()).data.usage[0]
}

describe.each(databasesUnderTest())('kill -9 under load, on $name', ({ environment }) => {
  test(`${rounds} rounds: the ledger equals what clients received, each once`, async () => {
    const home = mkdtempSync(join(folder, 'home-'))
    writeFileSync(
      join(home, 'xrouter.toml'),
      `[providers.openai]\napi_key = "sk-simulated"\nbase_url = "${simulator.url}"`,
    )
    const settings = { ...(await environment()), XROUTER_MASTER_KEY: key, LOG_LEVEL: 'warn' }
    const received = new Set<string>()
    for (let round = 0; round < rounds; round += 1) {
      const gateway = startProcess(settings, home)
      const url = await gateway.printed(/^XRouter listens on (\S+)$/m)
      let gone = false
      const goal = received.size + 20 + Math.floor(Math.random() * 150)
      const enough = Promise.withResolvers<void>()
      const loading = load(url, {
        received: (id) => {
          received.add(id)
          if (received.size >= goal) enough.resolve()
        },
        gone: () => gone,
      })
      await enough.promise
      gateway.child.kill('SIGKILL')
      await gateway.exited
      gone = true
      await loading
    }
    const last = startProcess(settings, home)
    const url = await last.printed(/^XRouter listens on (\S+)$/m)
    const rows = await ledgerOf(url)
    const usage = await usageOf(url)
    last.child.kill('SIGTERM')
    expect(await last.exited).toBe(0)

    const byId = Map.groupBy(rows, (row) => row.id)
    expect(received.size).toBeGreaterThan(rounds * 20)
    const lost = [...received].filter((id) => !byId.has(id))
    const doubled = [...byId].filter(([, same]) => same.length > 1)
    const wrong = rows.filter(
      (row) => received.has(row.id) && (row.status !== 'succeeded' || row.attempts.length !== 1),
    )
    expect({ lost, doubled, wrong }).toEqual({ lost: [], doubled: [], wrong: [] })
    const others = rows.filter((row) => !received.has(row.id))
    expect(new Set(others.map((row) => row.status))).toSatisfy((statuses: Set<string>) =>
      [...statuses].every((status) => ['interrupted', 'succeeded', 'cancelled'].includes(status)),
    )
    // What was open at a kill is told, not forgotten.
    expect(others.some((row) => row.status === 'interrupted')).toBe(true)
    for (const row of others.filter(({ status }) => status === 'interrupted')) {
      expect(row.attempts).toEqual([{ number: 1, status: 'FAILED' }])
    }
    expect(usage).toEqual({
      requests: String(rows.length),
      attempts: String(rows.reduce((sum, row) => sum + row.attempts.length, 0)),
      errors: String(others.filter((row) => row.status === 'interrupted').length),
    })
    console.log(`${rounds} kills: ${received.size} answers received, ${rows.length} rows`)
  }, 240_000)
})
