import { describe, expect, it } from 'vitest'
import { encodeChatResponse } from '../../../src/dialects/openai-chat/encode-response.ts'
import type { ChatResponse, ResponseChoice } from '../../../src/protocol/response.ts'

const context = { id: 'chatcmpl-1', created: 7, model: 'openai/gpt-4o-mini' }

const plain: ResponseChoice = {
  index: 0,
  parts: [{ type: 'text', text: 'Hello' }],
  content: 'Hello',
  reasoning: null,
  refusal: null,
  toolCalls: [],
  annotations: [],
  finishReason: { unified: 'stop', raw: 'stop' },
}

/** Members of a call that this wire knows, and those that only another one does. */
const own = { dialect: 'openai-chat', members: { x: 1 } }
const foreign = { dialect: 'openai-responses', members: { y: 1 } }

function encode(choice: Partial<ResponseChoice>, answer: Partial<ChatResponse> = {}): unknown {
  const choices = [{ ...plain, ...choice }]
  return encodeChatResponse({ choices, warnings: [], ...answer }, context)
}

describe('a whole answer for a client', () => {
  it('has OpenAI’s shape and no more', () => {
    const usage = { inputTokens: 3, outputTokens: 4, estimated: false }
    expect(encode({}, { usage, upstreamId: 'up', upstreamModel: 'm' })).toEqual({
      ...context,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
    })
  })

  it('leaves unknown usage out', () => {
    expect(encode({})).not.toHaveProperty('usage')
  })

  const messages: [name: string, choice: Partial<ResponseChoice>, expected: unknown][] = [
    [
      'a refusal',
      { content: null, refusal: 'No.' },
      { role: 'assistant', content: null, refusal: 'No.' },
    ],
    [
      'reasoning',
      { reasoning: 'hm' },
      { role: 'assistant', content: 'Hello', refusal: null, reasoning_content: 'hm' },
    ],
    [
      'calls',
      {
        content: null,
        toolCalls: [
          { id: 'a', kind: 'function', name: 'f', arguments: '{', extra: own },
          { id: 'b', kind: 'custom', name: 'sh', arguments: 'ls', extra: foreign },
        ],
      },
      {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{' }, x: 1 },
          { id: 'b', type: 'custom', custom: { name: 'sh', input: 'ls' } },
        ],
      },
    ],
    [
      'the deprecated call',
      {
        content: null,
        toolCalls: [{ id: '', kind: 'function_call', name: 'f', arguments: '{}' }],
      },
      {
        role: 'assistant',
        content: null,
        refusal: null,
        function_call: { name: 'f', arguments: '{}' },
      },
    ],
    [
      'annotations and speech',
      {
        annotations: [{ dialect: 'openai-chat', raw: { type: 'url_citation' } }],
        audio: { id: 'audio_1' },
      },
      {
        role: 'assistant',
        content: 'Hello',
        refusal: null,
        annotations: [{ type: 'url_citation' }],
        audio: { id: 'audio_1' },
      },
    ],
    [
      'members of this dialect, never over ours',
      {
        extra: {
          dialect: 'openai-chat',
          message: { reasoning_details: [1], content: 'x' },
          choice: {},
        },
      },
      { role: 'assistant', content: 'Hello', refusal: null, reasoning_details: [1] },
    ],
    [
      'no members of another',
      { extra: { dialect: 'gemini', message: { parts: [] }, choice: { safety: 1 } } },
      { role: 'assistant', content: 'Hello', refusal: null },
    ],
  ]
  it.each(messages)('carries %s', (_name, choice, expected) => {
    expect(encode(choice)).toHaveProperty('choices[0].message', expected)
  })

  it('carries log probabilities', () => {
    const token = { token: 'Hi', logprob: -1, bytes: null }
    const logprobs = { content: [{ ...token, topLogprobs: [token] }], refusal: null }
    expect(encode({ logprobs })).toMatchObject({
      choices: [{ logprobs: { content: [{ ...token, top_logprobs: [token] }], refusal: null } }],
    })
  })

  it('ends a deprecated call with the deprecated word', () => {
    const finishReason = { unified: 'tool_calls' } as const
    const call = { id: '', name: 'f', arguments: '{}' }
    expect(encode({ finishReason, toolCalls: [{ ...call, kind: 'function_call' }] })).toMatchObject(
      { choices: [{ finish_reason: 'function_call' }] },
    )
    expect(encode({ finishReason, toolCalls: [{ ...call, kind: 'function' }] })).toMatchObject({
      choices: [{ finish_reason: 'tool_calls' }],
    })
  })

  it('shows members of the answer and of the choice', () => {
    const extra = { dialect: 'openai-chat', members: { service_tier: 'flex', id: 'x' } }
    const choiceExtra = {
      dialect: 'openai-chat',
      message: {},
      choice: { native_finish_reason: 'STOP', index: 5 },
    }
    expect(encode({ extra: choiceExtra }, { extra })).toMatchObject({
      id: 'chatcmpl-1',
      service_tier: 'flex',
      choices: [{ native_finish_reason: 'STOP', index: 0 }],
    })
    expect(encode({}, { extra: { ...extra, dialect: 'gemini' } })).not.toHaveProperty(
      'service_tier',
    )
  })

  it('tells warnings, and has no member of ours without them', () => {
    expect(encode({}, { warnings: ['seed was ignored'] })).toMatchObject({
      xrouter: { warnings: ['seed was ignored'] },
    })
    expect(encode({})).not.toHaveProperty('xrouter')
  })
})
