import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSocket, textOf } from './recipes/graphql-ws.ts'
import { createEventSource } from './recipes/graphql-sse.ts'
import { askOpenai } from './recipes/openai.ts'
import { openTheatre, type Theatre } from './stage.ts'

const folder = new URL('recipes/', import.meta.url)
const sources = [
  ...readdirSync(folder).map((name) => new URL(name, folder)),
  new URL('../../codegen.ts', import.meta.url),
].map((file) => compact(readFileSync(file, 'utf8')))

/** The formatter breaks the lines of a document in its own way. */
function compact(code: string): string {
  return code.replaceAll(/[\s,]/g, '')
}

describe('docs/clients.md', () => {
  const text = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code.trim())

  test('has examples', () => {
    expect(blocks.length).toBeGreaterThan(5)
  })

  test.each(blocks.map((block) => [block.split('\n', 1)[0], block]))(
    'runs: %s',
    (_line, block = '') => {
      expect(sources.some((source) => source.includes(compact(block)))).toBe(true)
    },
  )
})

describe('without a client library for GraphQL', () => {
  let theatre: Theatre
  const input = { model: 'openai/gpt-4o', prompt: 'hello' }

  beforeAll(async () => {
    theatre = await openTheatre()
  })
  afterAll(() => theatre.close())

  test('graphql-ws gives the text as it comes', async () => {
    const socket = createSocket(theatre.endpoint)
    const pieces = await Array.fromAsync(textOf(socket, input))
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe('You said: hello')
    await socket.dispose()
  })

  test('graphql-ws: leaving the loop hangs up on the provider', async () => {
    const socket = createSocket(theatre.endpoint)
    await theatre.stage.hold()
    const said = theatre.stage.say('Hm')
    for await (const piece of textOf(socket, input)) {
      expect(piece).toBe('Hm')
      break
    }
    await said
    expect(await theatre.stage.left()).toBe(true)
    await socket.dispose()
  })

  test('graphql-ws: an expected failure is thrown with its message', async () => {
    const socket = createSocket(theatre.endpoint)
    const pieces = Array.fromAsync(textOf(socket, { ...input, model: 'nowhere/nothing' }))
    await expect(pieces).rejects.toThrow('nowhere/nothing')
    await socket.dispose()
  })

  test('graphql-sse runs queries too', async () => {
    const events = createEventSource(theatre.endpoint)
    const answers = await Array.fromAsync(events.iterate({ query: '{ viewer { kind } }' }))
    expect(answers).toMatchObject([{ data: { viewer: { kind: 'api-key' } } }])
    events.dispose()
  })

  test("OpenAI's SDK streams from the other door", async () => {
    const { gateway } = theatre
    expect(await askOpenai({ url: gateway.url, key: gateway.adminKey }, input)).toBe(
      'You said: hello',
    )
  })
})
