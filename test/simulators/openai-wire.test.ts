import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenaiSimulator, startOpenaiSimulator } from '../support/simulators/openai.ts'
import { framesOf, post } from '../support/simulators/http-client.ts'

let simulator: OpenaiSimulator

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
})

afterAll(() => simulator.close())

const tools = ['weather', 'clock'].map((name) => ({
  type: 'function',
  function: {
    name,
    parameters: { type: 'object', properties: { place: { type: 'string' } } },
  },
}))

describe('a JSON answer', () => {
  test('is written byte for byte as recorded', async () => {
    const answer = await ask('hi', {})
    const { id, created } = JSON.parse(answer.body)
    expect(id).toMatch(/^chatcmpl-\w{29}$/)
    expect(answer.body).toBe(jsonAnswer({ id, created }))
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.headers).not.toHaveProperty('content-length')
  })

  test('carries the headers of the provider and of its proxy', async () => {
    const { headers } = await ask('hi', {})
    expect(headers).toMatchObject({
      'openai-version': '2020-10-01',
      'openai-processing-ms': expect.stringMatching(/^\d+$/),
      'x-request-id': expect.stringMatching(/^req_[0-9a-f]{32}$/),
      'x-ratelimit-limit-requests': '10000',
      'x-ratelimit-reset-requests': '6ms',
      'x-ratelimit-reset-tokens': '0s',
    })
    expect(headers['set-cookie']?.[0]).toMatch(/^__cf_bm=/)
  })
})

describe('a stream', () => {
  test('is written byte for byte as recorded', async () => {
    const options = { stream_options: { include_usage: true, include_obfuscation: false } }
    const answer = await ask('hi', { stream: true, ...options })
    const { id, created } = framesOf(answer.body)[0]
    const head =
      `data: {"id":"${id}","object":"chat.completion.chunk","created":${created},` +
      '"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_683410201e",'
    const delta = (members: string, finish = 'null') =>
      `${head}"choices":[{"index":0,"delta":{${members}},"logprobs":null,` +
      `"finish_reason":${finish}}],"usage":null}\n\n`
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(answer.body).toBe(
      delta('"role":"assistant","content":"","refusal":null') +
        delta('"content":"You"') +
        delta('"content":" said"') +
        delta('"content":":"') +
        delta('"content":" hi"') +
        delta('', '"stop"') +
        `${head}"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11,` +
        '"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},' +
        '"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,' +
        '"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}\n\n' +
        'data: [DONE]\n\n',
    )
  })

  test('pads frames and leaves usage out unless asked', async () => {
    const frames = framesOf((await ask('hi', { stream: true })).body)
    expect(frames.every((frame) => /^\w{0,15}$/.test(frame.obfuscation))).toBe(true)
    expect(frames.some((frame) => 'usage' in frame)).toBe(false)
    expect(frames.every((frame) => frame.choices.length === 1)).toBe(true)
  })

  test('has no logprobs member and no fingerprint on reasoning models', async () => {
    const [frame] = framesOf((await ask('hi', { stream: true, model: 'gpt-5' })).body)
    expect(frame).toMatchObject({ model: 'gpt-5-2025-08-07', system_fingerprint: null })
    expect(frame.choices[0]).not.toHaveProperty('logprobs')
  })

  test('interleaves choices', async () => {
    const frames = framesOf((await ask('hi', { stream: true, n: 2 })).body)
    const indexes = frames.map((frame) => frame.choices[0].index)
    expect(indexes.slice(0, 6)).toEqual([0, 1, 0, 1, 0, 1])
    expect(frames.slice(-2).map((frame) => frame.choices[0].finish_reason)).toEqual([
      'stop',
      'stop',
    ])
  })
})

describe('streamed tool calls', () => {
  test('opens a single call together with the role', async () => {
    const frames = framesOf((await ask('use weather', { stream: true, tools })).body)
    const deltas = frames.map((frame) => frame.choices[0].delta)
    expect(Object.keys(deltas[0])).toEqual(['role', 'content', 'tool_calls', 'refusal'])
    expect(deltas[0].tool_calls).toEqual([
      {
        index: 0,
        id: expect.stringMatching(/^call_\w{24}$/),
        type: 'function',
        function: { name: 'weather', arguments: '' },
      },
    ])
    const fragments = deltas.slice(1, -1).map((delta) => delta.tool_calls[0])
    expect(fragments.map((call) => call.function.arguments)).toEqual([
      '{"',
      'place',
      '":"',
      'place',
      '"}',
    ])
    expect(fragments.every((call) => !('id' in call) && !('type' in call))).toBe(true)
    expect(deltas.at(-1)).toEqual({})
  })

  test('opens parallel calls after the role, one after the other', async () => {
    const options = { stream: true, tools, stream_options: { include_usage: true } }
    const { body } = await ask('use weather, use clock', options)
    const deltas = framesOf(body).map((frame) => frame.choices[0]?.delta)
    expect(deltas[0]).toEqual({ role: 'assistant', content: null })
    const calls = deltas.slice(1, -2).map((delta) => delta.tool_calls[0])
    expect(calls.map((call) => call.index)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    const first = calls.filter((call) => call.index === 0)
    expect(first.map((call) => call.function.arguments).join('')).toBe('{"place": "place"}')
    expect(body).toMatch(/^data: .*"usage":null,"choices":\[\{"index":0,"delta":\{"role"/)
  })

  test('streams the input of a custom tool', async () => {
    const custom = [{ type: 'custom', custom: { name: 'shell' } }]
    const frames = framesOf((await ask('use shell', { stream: true, tools: custom })).body)
    const [call] = frames[0].choices[0].delta.tool_calls
    expect(call).toMatchObject({ type: 'custom', custom: { name: 'shell', input: '' } })
  })
})

function ask(content: string, members: object) {
  return post(simulator, { model: 'gpt-4o', messages: [{ role: 'user', content }], ...members })
}

function jsonAnswer({ id, created }: { id: string; created: number }): string {
  return `{
  "id": "${id}",
  "object": "chat.completion",
  "created": ${created},
  "model": "gpt-4o-2024-08-06",
  "choices": [
    {
      "index": 0,
      "message": {
        "role": "assistant",
        "content": "You said: hi",
        "refusal": null,
        "annotations": []
      },
      "logprobs": null,
      "finish_reason": "stop"
    }
  ],
  "usage": {
    "prompt_tokens": 7,
    "completion_tokens": 4,
    "total_tokens": 11,
    "prompt_tokens_details": {
      "cached_tokens": 0,
      "audio_tokens": 0
    },
    "completion_tokens_details": {
      "reasoning_tokens": 0,
      "audio_tokens": 0,
      "accepted_prediction_tokens": 0,
      "rejected_prediction_tokens": 0
    }
  },
  "service_tier": "default",
  "system_fingerprint": "fp_683410201e"
}
`
}
