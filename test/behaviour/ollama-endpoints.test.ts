import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOllamaSimulator } from '../support/simulators/ollama.ts'
import { model, ollamaModels } from '../support/simulators/ollama-models.ts'
import type { Simulator } from '../support/simulators/server.ts'

const shared = model('shared:1b', ['completion'])
const alone = model('alone:1b', ['completion'])
const messages = [{ role: 'user' as const, content: 'hello there' }]
const spoken = 'You said: hello there'
/** Nothing listens there. */
const dead = 'http://127.0.0.1:9'

let first: Simulator
let second: Simulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  first = await startOllamaSimulator({ models: [...ollamaModels, shared] })
  second = await startOllamaSimulator({ models: [shared, alone] })
  gateway = await startGateway(
    `[providers.ollama]
     endpoints = ["${first.url}", "${dead}", "${second.url}"]
     [providers.broken]
     type = "ollama"
     endpoints = ["${dead}", "http://127.0.0.1:1"]`,
  )
  client = gateway.openai()
})

afterAll(async () => {
  await gateway.stop()
  await first.close()
  await second.close()
})

async function ask(name: string): Promise<string | null | undefined> {
  const answer = await client.chat.completions.create({ model: name, messages })
  return answer.choices[0]?.message.content
}

function chats({ requests }: Simulator): number {
  return requests.filter(({ path }) => path === '/api/chat').length
}

describe('several endpoints', () => {
  test('are asked in turn where they have the model', async () => {
    const before = [chats(first), chats(second)] as const
    for (let turn = 0; turn < 6; turn += 1) expect(await ask('ollama/shared:1b')).toBe(spoken)
    const asked = [chats(first) - before[0], chats(second) - before[1]]
    expect(asked[0]).toBeGreaterThan(0)
    expect(asked[1]).toBeGreaterThan(0)
    expect((asked[0] ?? 0) + (asked[1] ?? 0)).toBe(6)
  })

  test.each([
    ['ollama/alone:1b', () => second, () => first],
    ['ollama/llama3.2', () => first, () => second],
  ])('%s is asked only of the one that has it', async (name, having, other) => {
    const before = [chats(having()), chats(other())]
    for (let turn = 0; turn < 3; turn += 1) expect(await ask(name)).toBe(spoken)
    expect([chats(having()), chats(other())]).toEqual([(before[0] ?? 0) + 3, before[1]])
  })

  test('are listed as one', async () => {
    await vi.waitFor(async () => {
      const ids = (await Array.fromAsync(await client.models.list())).map(({ id }) => id)
      expect(ids).toEqual(
        expect.arrayContaining(['ollama/shared:1b', 'ollama/alone:1b', 'ollama/llama3.2']),
      )
    })
  })

  test('make vectors, too', async () => {
    const { data } = await client.embeddings.create({
      model: 'ollama/all-minilm',
      input: ['a', 'b'],
    })
    expect(data).toHaveLength(2)
  })

  test('without the model answer as one server would', async () => {
    await expect(ask('ollama/none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })

  test('none of which can be reached are out of service', async () => {
    await expect(ask('broken/any')).rejects.toMatchObject({
      status: 503,
      code: 'provider_unavailable',
    })
  })

  test('one that dies is passed over at once, without the client’s noticing', async () => {
    await second.close()
    for (let turn = 0; turn < 6; turn += 1) expect(await ask('ollama/shared:1b')).toBe(spoken)
    const listed = first.requests.filter(({ path }) => path === '/api/tags').length
    expect(listed).toBeGreaterThan(0)
  })
})
