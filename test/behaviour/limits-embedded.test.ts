import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { startProcess, type GatewayProcess } from '../support/process.ts'
import { copyEmbedded } from '../support/services.ts'

const home = mkdtempSync(join(tmpdir(), 'xrouter-limits-'))
const masterKey = 'a-master-key-for-the-test-of-limits'
let running: GatewayProcess | undefined

afterAll(async () => {
  running?.child.kill('SIGKILL')
  await running?.exited
  rmSync(home, { recursive: true, force: true })
})

/** A dollar for each token of the answer. */
const toml = `
[providers.demo]
token_delay_ms = 0
[[prices]]
model = "demo/echo"
currency = "USD"
input = "0"
output = "1000000"`

async function start(): Promise<string> {
  running = startProcess({ XROUTER_MASTER_KEY: masterKey, LOG_LEVEL: 'warn' }, home)
  return running.printed(/^XRouter listens on (\S+)$/m)
}

async function stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  running?.child.kill(signal)
  await running?.exited
}

async function graphql<T>(url: string, query: string, variables: object): Promise<T> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await answer.json()
  expect(errors).toBeUndefined()
  return data
}

async function ask(url: string, key: string): Promise<number> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo/echo',
      max_tokens: 1,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  })
  await answer.arrayBuffer()
  return answer.status
}

/** How many of so many at once were let through; the others were refused for the budget. */
async function storm(url: string, key: string, count: number): Promise<number> {
  const statuses = await Promise.all(Array.from({ length: count }, () => ask(url, key)))
  expect(statuses.filter((status) => status !== 200 && status !== 402)).toEqual([])
  return statuses.filter((status) => status === 200).length
}

async function remaining(url: string, key: string): Promise<string> {
  const answer = await fetch(`${url}/v1/key`, { headers: { authorization: `Bearer ${key}` } })
  return (await answer.json()).budgets[0].remaining
}

test('a budget in one process alone: exact in a storm, after a restart, and after kill -9', async () => {
  copyEmbedded(inject('services'), join(home, 'data'))
  writeFileSync(join(home, 'xrouter.toml'), toml)
  const first = await start()
  const { createApiKey } = await graphql<{
    createApiKey: { secret: string; apiKey: { id: string } }
  }>(
    first,
    `
      mutation {
        createApiKey(input: { name: "storm", tier: "enterprise", scopes: [INFERENCE] }) {
          secret
          apiKey {
            id
          }
        }
      }
    `,
    {},
  )
  const { secret } = createApiKey
  const { createBudget } = await graphql<{ createBudget: { id: string } }>(
    first,
    'mutation ($input: CreateBudgetInput!) { createBudget(input: $input) { id } }',
    {
      input: {
        name: 'a hundred',
        scope: 'KEY',
        subject: createApiKey.apiKey.id,
        limit: '100',
        currency: 'USD',
        period: 'LIFETIME',
      },
    },
  )
  expect(await storm(first, secret, 500)).toBe(100)
  await expect.poll(() => remaining(first, secret)).toBe('0')
  await stop('SIGTERM')

  const second = await start()
  expect(await remaining(second, secret)).toBe('0')
  expect(await ask(second, secret)).toBe(402)
  const raised = { id: createBudget.id, limit: '150' }
  await graphql(
    second,
    'mutation ($input: UpdateBudgetInput!) { updateBudget(input: $input) { id } }',
    { input: raised },
  )
  expect(await storm(second, secret, 20)).toBe(20)
  // What the clients have is in the journal, whether or not it is in the database.
  await stop('SIGKILL')

  const third = await start()
  await expect.poll(() => remaining(third, secret), { timeout: 10_000 }).toBe('30')
  expect(await storm(third, secret, 60)).toBe(30)
  await stop('SIGTERM')
  expect(await running?.exited).toBe(0)
}, 120_000)
