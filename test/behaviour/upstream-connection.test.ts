import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     discover_models = false`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

test('one connection serves one answer after the other, whole and streamed', async () => {
  const client = gateway.openai()
  const messages = [{ role: 'user' as const, content: 'hello' }]
  for (let round = 0; round < 5; round += 1) {
    await client.chat.completions.create({ model: 'openai/gpt-4o', messages })
    await client.chat.completions.stream({ model: 'openai/gpt-4o', messages }).finalChatCompletion()
  }
  expect(simulator.requests).toHaveLength(10)
  expect(simulator.openSockets).toBe(1)
})

test('nothing that a provider puts into its headers reaches the client, but the status it means', async () => {
  const { response } = await gateway
    .openai()
    .chat.completions.create({
      model: 'openai/gpt-4o',
      messages: [{ role: 'user', content: 'hello' }],
    })
    .withResponse()
  for (const name of [
    'set-cookie',
    'openai-organization',
    'server',
    'x-ratelimit-limit-requests',
  ]) {
    expect([name, response.headers.get(name)]).toEqual([name, null])
  }
  expect(response.headers.get('x-request-id')).toMatch(/^req_01/)
})
