import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenaiSimulator, startOpenaiSimulator } from '../support/simulators/openai.ts'
import { post } from '../support/simulators/http-client.ts'

let simulator: OpenaiSimulator

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
})

afterAll(() => simulator.close())

const messages = [{ role: 'user', content: 'hello' }]
const tools = [{ type: 'function', function: { name: 'weather' } }]
const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }
const calling = { role: 'assistant', content: null, tool_calls: [call] }
const result = { role: 'tool', tool_call_id: 'call_1', content: '40 C' }

describe('the official client', () => {
  test.each([
    ['a wrong key', 'sk-wrong-and-long-key', { model: 'gpt-4o' }, AuthenticationError],
    ['an unknown model', 'sk-simulated', { model: 'gpt-nothing' }, NotFoundError],
    ['a bad value', 'sk-simulated', { model: 'gpt-4o', temperature: -1 }, BadRequestError],
  ])('knows the error of %s', async (_, apiKey, members, kind) => {
    const client = new OpenAI({ baseURL: simulator.url, apiKey, maxRetries: 0 })
    const answer = client.chat.completions.create({
      messages: [{ role: 'user', content: 'hello' }],
      ...members,
    })
    await expect(answer).rejects.toBeInstanceOf(kind)
  })
})

describe('authentication', () => {
  test('answers a wrong key with the bytes of the edge', async () => {
    const answer = await post(
      simulator,
      { model: 'gpt-4o', messages },
      { key: 'sk-wrong-1234-key' },
    )
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="OpenAI API"')
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.headers).not.toHaveProperty('x-ratelimit-limit-requests')
    expect(answer.body).toBe(
      '{\n    "error": {\n        "message": "Incorrect API key provided: sk-wrong*****-key. ' +
        'You can find your API key at https://platform.openai.com/account/api-keys.",\n' +
        '        "type": "invalid_request_error",\n        "param": null,\n' +
        '        "code": "invalid_api_key"\n    }\n}\n',
    )
  })

  test('wants a key at all', async () => {
    const answer = await post(simulator, { model: 'gpt-4o', messages }, { key: '' })
    expect(answer.status).toBe(401)
    expect(errorOf(answer.body).message).toMatch(/^You didn't provide an API key/)
  })
})

describe('requests it cannot serve', () => {
  test.each([
    [
      'max_tokens on gpt-5',
      { model: 'gpt-5', max_tokens: 9 },
      'max_tokens',
      'unsupported_parameter',
    ],
    ['max_tokens on o3', { model: 'o3', max_tokens: 9 }, 'max_tokens', 'unsupported_parameter'],
    ['temperature on gpt-5', { model: 'gpt-5', temperature: 0.5 }, 'temperature', null],
    ['stop on o4-mini', { model: 'o4-mini', stop: 'x' }, 'stop', 'unsupported_parameter'],
    ['a low temperature', { temperature: -1 }, 'temperature', 'decimal_below_min_value'],
    ['a high temperature', { temperature: 2.5 }, 'temperature', 'decimal_above_max_value'],
    ['no choices', { n: 0 }, 'n', 'integer_below_min_value'],
    ['tool_choice without tools', { tool_choice: 'auto' }, 'tool_choice', null],
    ['parallel calls without tools', { parallel_tool_calls: true }, 'parallel_tool_calls', null],
    ['stream_options without stream', { stream_options: {} }, 'stream_options', null],
    ['an unknown member', { quality: 'high' }, 'quality', 'unknown_parameter'],
    ['a wrong type', { temperature: 'hot' }, 'temperature', 'invalid_type'],
    ['no messages', { messages: [] }, 'messages', 'empty_array'],
    [
      'an unknown role',
      { messages: [{ role: 'wizard', content: 'x' }] },
      'messages[0].role',
      'invalid_value',
    ],
    ['an unanswered call', { messages: [...messages, calling], tools }, 'messages', null],
    ['an early turn', { messages: [calling, ...messages], tools }, 'messages', null],
    ['a result without call', { messages: [...messages, result] }, 'messages.[1].role', null],
    ['a result given twice', { messages: [calling, result, result] }, 'messages.[2].role', null],
    [
      'an unknown part',
      { messages: [withPart({ type: 'video' })] },
      'messages[0]',
      'invalid_value',
    ],
    [
      'an image that does not load',
      {
        messages: [withPart({ type: 'image_url', image_url: { url: 'https://x.invalid/a.png' } })],
      },
      null,
      'invalid_image_url',
    ],
    ['JSON mode without the word', { response_format: { type: 'json_object' } }, 'messages', null],
  ])('refuses %s', async (_, members, param, code) => {
    const answer = await post(simulator, { model: 'gpt-4o', messages, ...members })
    expect(answer.status).toBe(400)
    expect(errorOf(answer.body)).toMatchObject({ type: 'invalid_request_error', param, code })
    expect(answer.body).toMatch(/^\{\n {2}"error": \{\n {4}"message"/)
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/)
  })

  test('names the numbers as recorded', async () => {
    const answer = await post(simulator, { model: 'gpt-4o', messages, temperature: -1 })
    expect(errorOf(answer.body).message).toBe(
      "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead.",
    )
  })

  test('does not know a model', async () => {
    const answer = await post(simulator, { model: 'gpt-nothing', messages })
    expect(answer.status).toBe(404)
    expect(errorOf(answer.body)).toEqual({
      message: 'The model `gpt-nothing` does not exist or you do not have access to it.',
      type: 'invalid_request_error',
      param: null,
      code: 'model_not_found',
    })
  })

  test('says which endpoint a model of another kind wants', async () => {
    const legacy = await post(simulator, { model: 'gpt-3.5-turbo-instruct', messages })
    expect([legacy.status, errorOf(legacy.body).param]).toEqual([404, 'model'])
    const embedding = await post(simulator, { model: 'text-embedding-3-small', messages })
    expect(embedding.status).toBe(403)
  })

  test('refuses what is no JSON, and paths that do not exist', async () => {
    const broken = await post(simulator, '{"model":')
    expect([broken.status, errorOf(broken.body).type]).toEqual([400, 'invalid_request_error'])
    const lost = await post(simulator, {}, { path: '/nothing' })
    expect([lost.status, errorOf(lost.body).message]).toEqual([
      404,
      'Invalid URL (POST /v1/nothing)',
    ])
  })

  test('bills nothing for errors', () => {
    expect(simulator.invoice).toEqual([])
  })
})

function withPart(part: object): object {
  return { role: 'user', content: [part] }
}

function errorOf(body: string): Record<string, unknown> {
  return JSON.parse(body).error
}
