import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { ProviderHealth } from './documents.ts'
import type { ProviderHealthSubscription } from './gql/graphql.ts'
import type { TypedClient } from './typed-client.ts'
import { urqlClient } from './urql-client.ts'

type Health = ProviderHealthSubscription['providerHealth']

let simulator: OpenaiSimulator
let gateway: TestGateway
let client: TypedClient

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(`
    [providers.openai]
    api_key = "sk-simulated"
    base_url = "${simulator.url}"`)
  client = urqlClient({
    url: `${gateway.url}/graphql`,
    key: gateway.adminKey,
    subscriptions: 'ws',
    persisted: false,
    fetch,
  })
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

/** What a dashboard shows of a provider, newest last. */
function dashboard(): { seen: Health[]; failures: unknown[]; close: () => void } {
  const seen: Health[] = []
  const failures: unknown[] = []
  const close = client.subscribe(
    ProviderHealth,
    { providers: ['openai'] },
    {
      next: ({ data, failures: problems }) => {
        if (data) seen.push(data.providerHealth)
        failures.push(...problems)
      },
      complete: () => {},
    },
  )
  return { seen, failures, close }
}

/** Requests of other clients, of which the health comes. */
async function ask(count: number): Promise<void> {
  const messages = [{ role: 'user' as const, content: 'hello there' }]
  const { completions } = gateway.openai().chat
  for (let turn = 0; turn < count; turn += 1) {
    await completions.create({ model: 'openai/gpt-4o', messages }).catch(() => {})
  }
}

const withinTwoSeconds = { timeout: 2_000, interval: 10 }

describe('a dashboard on urql', () => {
  test('sees a provider that is taken down within two seconds, with the reason, and its recovery', async () => {
    const { seen, failures, close } = dashboard()
    const state = () => seen.at(-1)?.state
    await expect.poll(state, withinTwoSeconds).toBe('UNKNOWN')
    await ask(1)
    await expect.poll(state, withinTwoSeconds).toBe('OPERATIONAL')

    const { port } = simulator
    await simulator.close()
    await ask(4)
    await expect.poll(state, withinTwoSeconds).toBe('DOWN')
    expect(seen.at(-1)).toMatchObject({
      provider: 'openai',
      reason: '4 of the last 5 attempts failed: PROVIDER_UNAVAILABLE',
      errors: [{ code: 'PROVIDER_UNAVAILABLE', count: 4 }],
    })

    simulator = await startOpenaiSimulator({ port })
    await ask(2)
    await expect.poll(state, withinTwoSeconds).toBe('DEGRADED')
    await ask(17)
    await expect.poll(state, withinTwoSeconds).toBe('OPERATIONAL')
    expect(seen.at(-1)?.reason).toBeNull()
    expect(failures).toEqual([])
    close()
  })

  test('is told which names it may use when it asks for another', async () => {
    const failures: unknown[] = []
    await new Promise<void>((resolve) => {
      client.subscribe(
        ProviderHealth,
        { providers: ['nobody'] },
        {
          next: (outcome) => {
            failures.push(...outcome.failures)
            resolve()
          },
          complete: resolve,
        },
      )
    })
    expect(failures).toMatchObject([
      { message: expect.stringMatching(/no provider named `nobody`.*openai/) },
    ])
  })
})
