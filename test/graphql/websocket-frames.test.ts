import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer

beforeAll(async () => {
  server = await startGraphql()
})

afterAll(() => server.stop())

const selection = `__typename sequence ... on TextDelta { text }
  ... on CompletionStarted { model } ... on ToolCallDelta { argumentsDelta }
  ... on CompletionFinished { completion { content } } ... on CompletionFailed { error { code } }`
/** One whose every event is written from the selection, and one that the executor does. */
const written = `subscription ($i: CompletionInput!) { completion(input: $i) { ${selection} } }`
const executed = `subscription ($i: CompletionInput!, $yes: Boolean = true) {
  completion(input: $i) { ${selection} ... @include(if: $yes) { __typename } } }`

const input = (model: string) => ({ model, messages: [{ role: 'USER', content: 'Hi' }] })

/** Opens a socket by hand, so that its frames are seen as they are. */
async function connect() {
  const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws')
  const frames: string[] = []
  socket.on('message', (data: Buffer) => frames.push(data.toString()))
  await once(socket, 'open')
  const say = (message: object) => socket.send(JSON.stringify(message))
  say({ type: 'connection_init', payload: { authorization: 'Bearer admin' } })
  await once(socket, 'message')
  return { socket, frames, say }
}

/** The frames of one subscription, up to its end. */
async function framesOf(query: string, model: string, id: string): Promise<string[]> {
  const { socket, frames, say } = await connect()
  say({ type: 'subscribe', id, payload: { query, variables: { i: input(model) } } })
  const isOver = () => /"type":"(complete|error)"/.test(frames.at(-1) ?? '')
  while (!isOver()) await once(socket, 'message')
  socket.close()
  return frames.slice(1)
}

test.each([
  'test/words',
  'test/tools',
  'test/refuses',
  'test/fails',
  'test/breaks',
  'test/none',
  'test/bug',
])('events of %s are sent in the frames that graphql-ws makes of executed ones', async (model) => {
  const id = 'an "id"\n'
  const frames = await framesOf(written, model, id)
  const withoutIds = (texts: string[]) => texts.map((text) => text.replaceAll(/req_\d+/g, 'req'))
  expect(withoutIds(frames)).toEqual(withoutIds(await framesOf(executed, model, id)))
  const sequences = frames.flatMap((frame) => /"sequence":(\d+)/.exec(frame)?.[1] ?? [])
  expect(sequences.map(Number)).toEqual(sequences.map((_, index) => index))
})

test('two subscriptions of one socket have their own frames', async () => {
  const { socket, frames, say } = await connect()
  const payload = { query: written, variables: { i: input('test/words') } }
  for (const id of ['1', '2']) say({ type: 'subscribe', id, payload })
  const ended = () => frames.filter((frame) => frame.includes('"type":"complete"'))
  while (ended().length < 2) await once(socket, 'message')
  const of = (id: string) => frames.filter((frame) => frame.startsWith(`{"id":"${id}"`))
  expect(of('1').length).toBeGreaterThan(4)
  expect(of('1').map((frame) => frame.replace('"1"', '"2"'))).toEqual(of('2'))
  socket.close()
})

test('after a client completes a subscription nothing more of it comes', async () => {
  const { socket, frames, say } = await connect()
  say({
    type: 'subscribe',
    id: '1',
    payload: { query: written, variables: { i: input('test/silent') } },
  })
  while (!frames.some((frame) => frame.includes('"text":"Hm"'))) await once(socket, 'message')
  say({ type: 'complete', id: '1' })
  await server.scripts.aborted()
  say({ type: 'ping' })
  const count = frames.length
  await once(socket, 'message')
  expect(frames.slice(count)).toEqual(['{"type":"pong"}'])
  socket.close()
})
