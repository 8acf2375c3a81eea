import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { framesOf } from '../support/recorded.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let client: OpenAI

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  client = new OpenAI({ apiKey: 'sk-simulated', baseURL: simulator.url, maxRetries: 0 })
})

afterAll(() => simulator.close())

test('the official client reads its answers and streams alike', async () => {
  const whole = await client.responses.create({ model: 'gpt-4o', input: 'hello' })
  const streamed = await client.responses
    .stream({ model: 'gpt-4o', input: 'hello' })
    .finalResponse()
  expect([whole.output_text, streamed.output_text]).toEqual(['You said: hello', 'You said: hello'])
  expect(whole.usage).toEqual(streamed.usage)
})

test('its frames are named, numbered from 0, and end without a terminator', async () => {
  const answer = await fetch(`${simulator.url}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-simulated' },
    body: JSON.stringify({ model: 'gpt-4o', input: 'hello', stream: true }),
  })
  const text = await answer.text()
  const frames = framesOf(text).map((frame) => JSON.parse(frame))
  expect(text.match(/^event: (.+)$/gm)).toEqual(frames.map(({ type }) => `event: ${type}`))
  expect(frames.map((frame) => frame.sequence_number)).toEqual(frames.map((_, index) => index))
  expect(frames.at(-1)).toMatchObject({ type: 'response.completed' })
})

test.each([
  [{ model: 'nothing' }, 400, 'model_not_found'],
  [{ max_output_tokens: 5 }, 400, 'integer_below_min_value'],
  [{ stop: ['x'] }, 400, 'unknown_parameter'],
  [{ include: ['reasoning.encrypted_content'] }, 400, null],
  [{ store: false, input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] }, 400, null],
  [
    { input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAother' }] },
    400,
    'invalid_encrypted_content',
  ],
])('refuses %j as the real one', async (members, status, code) => {
  const answer = await fetch(`${simulator.url}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-simulated' },
    body: JSON.stringify({ model: 'gpt-4o', input: 'hello', ...members }),
  })
  expect(answer.status).toBe(status)
  expect(await answer.json()).toMatchObject({ error: { code } })
})

test('reasoning must come back with what followed it', async () => {
  const first = await client.responses.create({
    model: 'gpt-5',
    input: 'think',
    include: ['reasoning.encrypted_content'],
    store: false,
  })
  const [thought] = first.output
  expect(thought).toMatchObject({ type: 'reasoning', encrypted_content: expect.any(String) })
  const alone = await fetch(`${simulator.url}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-simulated' },
    body: JSON.stringify({ model: 'gpt-5', store: false, input: [thought] }),
  })
  expect(await alone.json()).toMatchObject({
    error: { message: expect.stringContaining('without its required following item') },
  })
})
