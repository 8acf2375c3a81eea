import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { httpError } from '../support/simulators/faults.ts'
import { type OpenaiSimulator, startOpenaiSimulator } from '../support/simulators/openai.ts'
import { framesOf, open, post, read } from '../support/simulators/http-client.ts'

let simulator: OpenaiSimulator

beforeEach(async () => {
  simulator = await startOpenaiSimulator()
})

afterEach(() => simulator.close())

const json = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }
const streamed = { ...json, stream: true, stream_options: { include_usage: true } }

describe('a controlled answer', () => {
  test('sends a chunk when the test says so', async () => {
    const upstream = simulator.controlled()
    const opening = open(simulator, streamed)
    const request = await upstream.received
    expect(request.body).toEqual(streamed)
    expect(request.headers.authorization).toBe('Bearer sk-simulated')
    upstream.startStream()
    const { response } = await opening
    response.setEncoding('utf8')
    const chunks = response[Symbol.asyncIterator]()
    upstream.write(': comment\n\n')
    expect((await chunks.next()).value).toBe(': comment\n\n')
    upstream.frame({ own: 1 })
    expect((await chunks.next()).value).toBe('data: {"own":1}\n\n')
    upstream.text('Hel')
    expect((await chunks.next()).value).toContain('"role":"assistant"')
    upstream.end()
  })

  test('makes a whole stream that is billed by what was sent', async () => {
    const upstream = simulator.controlled()
    const answer = post(simulator, streamed)
    await upstream.received
    upstream.text('one two')
    upstream.text(' three')
    upstream.toolCall({ name: 'weather', arguments: '{}' })
    upstream.complete('tool_calls')
    const { body } = await answer
    const frames = framesOf(body)
    expect(frames.at(-2).choices[0]).toMatchObject({ delta: {}, finish_reason: 'tool_calls' })
    expect(frames.at(-1).usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 5 })
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(simulator.invoice).toMatchObject([{ completionTokens: 5, completed: true }])
  })

  test('sees that the client closed the connection', async () => {
    const upstream = simulator.controlled()
    const opening = open(simulator, streamed)
    const request = await upstream.received
    upstream.text('one')
    const { outgoing, response } = await opening
    const body = read(response)
    outgoing.destroy()
    await upstream.closed
    expect(request.aborted).toBe(true)
    upstream.text(' more')
    await body
    expect(simulator.invoice).toMatchObject([{ completionTokens: 1, completed: false }])
  })

  test('ends without the client being blamed', async () => {
    const upstream = simulator.controlled()
    const opening = open(simulator, streamed)
    const request = await upstream.received
    upstream.text('one')
    upstream.reset()
    const { response } = await opening
    expect((await read(response)).broken).toBe('ECONNRESET')
    await upstream.closed
    expect(request.aborted).toBe(false)
  })

  test('holds a JSON answer back and then gives it, or another', async () => {
    const first = simulator.controlled()
    const second = simulator.controlled()
    const answers = [post(simulator, json), post(simulator, json)]
    await Promise.all([first.received, second.received])
    await first.answer()
    await second.answer(httpError(503))
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200, 503]))
  })

  test('cannot speak before it was asked', () => {
    const upstream = simulator.controlled()
    expect(() => upstream.text('early')).toThrow(/await `received` first/)
  })
})

describe('the server', () => {
  test('takes scripted answers in order, for completions only, then answers itself', async () => {
    simulator.next(httpError(500), httpError(503))
    const models = await fetch(`${simulator.url}/models`, {
      headers: { authorization: 'Bearer sk-simulated' },
    })
    expect(models.status).toBe(200)
    await models.text()
    expect(simulator.pending).toBe(2)
    const statuses = []
    for (let turn = 0; turn < 3; turn += 1) statuses.push((await post(simulator, json)).status)
    expect(statuses).toEqual([500, 503, 200])
    expect(simulator.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST'])
    expect(simulator.lists.map(({ path }) => path)).toEqual(['/v1/models'])
  })

  test('closes what is open and rejects when a script has failed', async () => {
    const failing = await startOpenaiSimulator()
    failing.next(() => {
      throw new Error('a mistake in the test')
    })
    await expect(post(failing, json)).rejects.toMatchObject({ code: 'ECONNRESET' })
    await expect(failing.close()).rejects.toThrow('scripted answers failed')
    expect(failing.openSockets).toBe(0)
  })

  test('is gone after it was closed, with requests under way', async () => {
    const other = await startOpenaiSimulator()
    const upstream = other.controlled()
    const answer = post(other, json)
    const request = await upstream.received
    await Promise.all([expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' }), other.close()])
    await request.closed
    await expect(post(other, json)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('listens on the port it is given', async () => {
    const first = await startOpenaiSimulator()
    const { port } = first
    await first.close()
    await using again = await startOpenaiSimulator({ port, apiKey: 'sk-other', cachedTokens: 3 })
    expect(again.url).toBe(`http://127.0.0.1:${port}/v1`)
    const answer = await post(again, json, { key: 'sk-other' })
    expect(JSON.parse(answer.body).usage.prompt_tokens_details.cached_tokens).toBe(3)
  })
})
