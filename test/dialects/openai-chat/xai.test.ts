import { describe, expect, it } from 'vitest'
import { decodeChatError } from '../../../src/dialects/openai-chat/decode-error.ts'
import { xaiChatApi } from '../../../src/dialects/openai-chat/xai.ts'
import { effortFor, xaiSupportOf, xaiTraits } from '../../../src/dialects/openai-chat/xai-traits.ts'
import { GatewayError } from '../../../src/errors.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatRequest } from '../../../src/protocol/request.ts'
import { streamOf } from '../../support/recorded.ts'

const api = xaiChatApi()
const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  stream: false,
}

describe('what a model’s name says', () => {
  it.each([
    ['grok-4.5', true, ['none', 'low', 'medium', 'high']],
    ['grok-4.6', true, ['none', 'low', 'medium', 'high', 'xhigh']],
    ['grok-4.20-0309-non-reasoning', false, []],
    ['grok-4', true, []],
    ['grok-4-fast-reasoning', true, []],
    ['grok-4-fast-non-reasoning', false, []],
    ['grok-code-fast-1', true, []],
    ['grok-3-mini-fast', true, ['low', 'high']],
    ['grok-3', false, []],
    ['grok-2-vision', false, []],
  ])('%s', (model, reasons, efforts) => {
    expect(xaiTraits(model)).toEqual({ reasons, efforts })
    expect(xaiSupportOf(model).stop).toBe(reasons ? 'refused' : 'native')
  })

  it.each([
    ['grok-3-mini', 'minimal', 'low'],
    ['grok-3-mini', 'none', 'low'],
    ['grok-3-mini', 'medium', 'high'],
    ['grok-3-mini', 'xhigh', 'high'],
    ['grok-4.5', 'minimal', 'low'],
    ['grok-4.5', 'none', 'none'],
    ['grok-4.5', 'xhigh', 'high'],
    ['grok-4.6', 'xhigh', 'xhigh'],
    ['grok-4.6', 'max', 'xhigh'],
    ['grok-4.5', 'enormous', 'enormous'],
    ['grok-4', 'high', undefined],
    ['grok-3', 'high', undefined],
    ['grok-4.5', undefined, undefined],
  ])('%s is asked for the effort %s as %s', (model, reasoningEffort, sent) => {
    expect(effortFor(model, { reasoningEffort })).toBe(sent)
    expect(
      Object(api.encodeRequest({ ...request, reasoningEffort }, model))['reasoning_effort'],
    ).toBe(sent)
  })
})

describe('a request', () => {
  it('is sent without what the model refuses or nobody there knows', () => {
    const asked: ChatRequest = {
      ...request,
      frequencyPenalty: 1,
      presencePenalty: 1,
      messages: [
        { role: 'developer', parts: [{ type: 'text', text: 'brief' }] },
        ...request.messages,
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'hm' },
            { type: 'refusal', text: 'No.' },
          ],
          extra: { reasoning: 'hm' },
        },
      ],
      passthrough: { dialect: 'openai-chat', members: { search_parameters: { mode: 'auto' } } },
    }
    expect(api.encodeRequest(asked, 'grok-4.5')).toEqual({
      model: 'grok-4.5',
      messages: [
        { role: 'system', content: 'brief' },
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'No.' },
      ],
      search_parameters: { mode: 'auto' },
    })
    expect(api.encodeRequest(asked, 'grok-3')).toMatchObject({
      frequency_penalty: 1,
      presence_penalty: 1,
    })
  })

  it('for later is refused', () => {
    const passthrough = { dialect: 'openai-chat', members: { deferred: true } }
    expect(() => api.encodeRequest({ ...request, passthrough }, 'grok-3')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', path: 'deferred' }),
    )
  })
})

describe('the pages of a search', () => {
  const citations = ['https://example.com/a', 'https://example.com/b']
  const head = { id: '1', model: 'grok-3' }

  it('in the last chunk are citations of the text, before its end', async () => {
    const frames = [
      { ...head, choices: [{ index: 0, delta: { content: 'Yes.', role: 'assistant' } }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      {
        ...head,
        choices: [],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
        citations,
      },
    ].map((frame) => JSON.stringify(frame))
    const events = await Array.fromAsync(api.decodeEvents(streamOf([...frames, '[DONE]'])))
    expect(events.map(({ type }) => type).slice(-2)).toEqual(['usage', 'finish'])
    const answer = await collect(events)
    expect(answer.choices[0]?.annotations.map(({ url }) => url)).toEqual(citations)
    expect(answer.extra?.members).toEqual({ citations })
    expect(answer.choices[0]?.finishReason).toEqual({ unified: 'stop', raw: 'stop' })
  })

  it('of a whole answer are the same', async () => {
    const body = {
      ...head,
      citations,
      choices: [{ index: 0, message: { content: 'Yes.' }, finish_reason: 'stop' }],
    }
    const { choices } = await collect(api.decodeBody(body))
    expect(choices[0]?.annotations.map(({ url }) => url)).toEqual(citations)
  })

  it('a stream that is cut off has no end', async () => {
    const frames = [
      JSON.stringify({ ...head, choices: [{ index: 0, delta: { content: 'Yes.' } }] }),
    ]
    const events: unknown[] = []
    const read = async (): Promise<void> => {
      for await (const event of api.decodeEvents(streamOf(frames))) events.push(event)
    }
    await expect(read()).rejects.toMatchObject({ code: 'UPSTREAM_TRUNCATED' })
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'finish' }))
  })
})

describe('a failure', () => {
  it.each([
    [
      400,
      { code: 'invalid-argument', error: 'Incorrect API key provided. You can obtain …' },
      'PROVIDER_AUTH',
      true,
    ],
    [
      403,
      {
        code: 'permission-denied',
        error:
          'Your team 1 has either used all available credits or reached its monthly spending limit.',
      },
      'PROVIDER_AUTH',
      true,
    ],
    [
      429,
      {
        code: 'Some resource has been exhausted',
        error:
          'Your team 1 has either used all available credits or reached its monthly spending limit.',
      },
      'PROVIDER_AUTH',
      true,
    ],
    [
      429,
      { code: 'Some resource has been exhausted', error: 'Too many requests for team 1' },
      'PROVIDER_RATE_LIMITED',
      true,
    ],
    [
      404,
      { code: 'Some requested entity was not found', error: 'The model grok-x does not exist' },
      'MODEL_NOT_FOUND',
      true,
    ],
    [
      400,
      {
        code: 'invalid-argument',
        error:
          "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      },
      'CONTEXT_LENGTH_EXCEEDED',
      false,
    ],
    [
      400,
      { code: 'invalid-argument', error: 'Model grok-4 does not support parameter stop.' },
      'INVALID_REQUEST',
      false,
    ],
    [
      422,
      'Failed to deserialize the JSON body into the target type: messages',
      'INVALID_REQUEST',
      false,
    ],
  ])('%i %j is %s', (status, body, code, failover) => {
    expect(decodeChatError({ status, body, headers: {} })).toMatchObject({ code, failover })
  })

  it.each([
    ['The service is currently unavailable', 'PROVIDER_UNAVAILABLE'],
    ['Some resource has been exhausted', 'PROVIDER_RATE_LIMITED'],
    ['something', 'PROVIDER_ERROR'],
  ])('with status 200 and the code “%s” is %s', (word, code) => {
    const decode = (): unknown => api.decodeBody({ code: word, error: 'no' })
    expect(decode).toThrow(GatewayError)
    expect(decode).toThrow(expect.objectContaining({ code, failover: true }))
  })
})
