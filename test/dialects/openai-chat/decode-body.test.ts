import { describe, expect, it } from 'vitest'
import { decodeChatBody } from '../../../src/dialects/openai-chat/decode-events.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { Members } from './wire.ts'

const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 }

function body(message: Members, beside: Members = {}, members: Members = {}): Members {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, message, finish_reason: 'stop', ...beside }],
    ...members,
  }
}

/** The events between the start and the end of the only choice. */
function contentOf(message: Members, beside: Members = {}): ChatEvent[] {
  return decodeChatBody(body(message, beside)).slice(1, -1)
}

describe('a whole answer', () => {
  it('becomes the events of a stream', () => {
    const token = { token: 'Hi', logprob: -0.1, bytes: null }
    const logprobs = { content: [{ ...token, top_logprobs: [] }], refusal: null }
    const message = {
      role: 'assistant',
      content: 'Hi',
      refusal: null,
      reasoning_content: 'hm',
      annotations: [{ type: 'url_citation' }],
    }
    const members = { usage, service_tier: 'default', system_fingerprint: 'fp_1', moderation: {} }
    expect(decodeChatBody(body(message, { logprobs }, members))).toEqual([
      { type: 'response-start', id: 'chatcmpl-1', model: 'gpt-4o-2024-08-06' },
      {
        type: 'extra',
        dialect: 'openai-chat',
        members: { service_tier: 'default', system_fingerprint: 'fp_1', moderation: {} },
      },
      { type: 'reasoning-delta', choice: 0, text: 'hm' },
      { type: 'text-delta', choice: 0, text: 'Hi', logprobs: [{ ...token, topLogprobs: [] }] },
      {
        type: 'annotations',
        choice: 0,
        annotations: [{ dialect: 'openai-chat', raw: { type: 'url_citation' } }],
      },
      { type: 'finish', choice: 0, reason: { unified: 'stop', raw: 'stop' } },
      {
        type: 'usage',
        usage: {
          inputTokens: 20,
          outputTokens: 5,
          totalTokens: 25,
          estimated: false,
          raw: { dialect: 'openai-chat', body: usage },
        },
      },
    ])
  })

  it('tells calls apart by position, even when ids and indexes repeat', () => {
    const call = {
      index: 0,
      id: 'same',
      type: 'function',
      function: { name: 'f', arguments: '{}' },
    }
    const events = contentOf({ content: null, tool_calls: [call, call] })
    expect(events.filter(({ type }) => type === 'tool-call-start')).toMatchObject([
      { index: 0, id: 'same' },
      { index: 1, id: 'same' },
    ])
    expect(events.filter(({ type }) => type === 'tool-call-end')).toHaveLength(2)
  })

  const messages: [name: string, message: Members, expected: Partial<ChatEvent>[]][] = [
    ['an empty text', { content: '' }, [{ type: 'text-delta', choice: 0, text: '' }]],
    ['no content', { role: 'assistant' }, []],
    ['null content', { content: null }, []],
    ['a refusal', { refusal: 'No.' }, [{ type: 'refusal-delta', choice: 0, text: 'No.' }]],
    ['reasoning', { reasoning: 'hm' }, [{ type: 'reasoning-delta', choice: 0, text: 'hm' }]],
    [
      'the deprecated call',
      { content: null, function_call: { name: 'f', arguments: '' } },
      [
        { type: 'tool-call-start', choice: 0, index: 0, id: '', kind: 'function_call', name: 'f' },
        { type: 'tool-call-end', choice: 0, index: 0 },
      ],
    ],
    [
      'speech',
      { content: null, audio: { id: 'a', data: 'AA', transcript: 'Hi', expires_at: 1 } },
      [
        {
          type: 'audio',
          choice: 0,
          audio: { id: 'a', data: 'AA', transcript: 'Hi', expires_at: 1 },
        },
      ],
    ],
  ]
  it.each(messages)('with %s', (_name, message, expected) => {
    expect(contentOf(message)).toEqual(expected)
  })

  it('reads the message where an empty delta stands beside it', () => {
    const beside = { delta: { role: 'assistant', content: '' } }
    expect(contentOf({ content: 'a' }, beside)).toEqual([
      { type: 'text-delta', choice: 0, text: 'a' },
    ])
  })

  it.each([
    [null, {}, { unified: 'other' }],
    [undefined, {}, { unified: 'other' }],
    ['eos', {}, { unified: 'other', raw: 'eos' }],
    ['stop', { tool_calls: [{ function: { name: 'f' } }] }, { unified: 'tool_calls', raw: 'stop' }],
  ])('with the finish reason %j', (raw, message, reason) => {
    const events = decodeChatBody(body(message, { finish_reason: raw }))
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, reason })
  })

  it('keeps all choices', () => {
    const choices = ['a', 'b'].map((content, index) => ({
      index,
      message: { content },
      finish_reason: 'stop',
    }))
    const texts = decodeChatBody({ choices }).filter(({ type }) => type === 'text-delta')
    expect(texts).toMatchObject([
      { choice: 0, text: 'a' },
      { choice: 1, text: 'b' },
    ])
  })
})

describe('a whole answer that is none', () => {
  const failures: [body: unknown, code: string][] = [
    [null, 'PROVIDER_ERROR'],
    ['<html>', 'PROVIDER_ERROR'],
    [[], 'PROVIDER_ERROR'],
    [{}, 'PROVIDER_ERROR'],
    [{ choices: [] }, 'PROVIDER_ERROR'],
    [{ choices: {} }, 'PROVIDER_ERROR'],
    [{ error: { message: 'x', type: 'server_error' } }, 'PROVIDER_ERROR'],
    [{ code: 'busy', error: 'The service is busy' }, 'PROVIDER_ERROR'],
    [{ error: { message: 'x', code: 429 } }, 'PROVIDER_RATE_LIMITED'],
    [[{ error: { message: 'x', code: 503 } }], 'PROVIDER_UNAVAILABLE'],
    [{ ...body({ content: 'a' }), error: { code: 'model_not_found' } }, 'MODEL_NOT_FOUND'],
  ]
  it.each(failures)('%j is %s', (answer, code) => {
    expect(() => decodeChatBody(answer)).toThrow(expect.objectContaining({ code }))
  })
})
