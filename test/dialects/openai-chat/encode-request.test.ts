import { describe, expect, it } from 'vitest'
import { decodeChatRequest } from '../../../src/dialects/openai-chat/decode-request.ts'
import type { MaxTokensField } from '../../../src/dialects/openai-chat/dialect.ts'
import { encodeChatRequest } from '../../../src/dialects/openai-chat/encode-request.ts'
import type { ChatRequest, Message } from '../../../src/protocol/request.ts'

const plain: ChatRequest = {
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
  stream: false,
}

function encode(
  members: Partial<ChatRequest>,
  maxTokensField: MaxTokensField = 'max_tokens',
): Record<string, unknown> {
  return encodeChatRequest({ ...plain, ...members }, { model: 'gpt-4o-mini', maxTokensField })
}

function messages(...list: Message[]): unknown {
  return encode({ messages: list })['messages']
}

/** What goes to an upstream when a client of this very dialect sent `body`. */
function forwarded(body: Record<string, unknown>): Record<string, unknown> {
  const { request } = decodeChatRequest({ model: 'a/m', messages: [user], ...body })
  return encodeChatRequest(request, { model: 'm', maxTokensField: 'max_completion_tokens' })
}

const user = { role: 'user', content: 'Hello' }

describe('a request to an upstream', () => {
  it('names the model as the provider does, and says no more than was asked', () => {
    expect(encode({})).toEqual({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
    })
  })

  it('asks for the usage whenever it asks for a stream', () => {
    expect(encode({ stream: true })).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it('carries every setting under OpenAI’s name', () => {
    const body = encode({
      temperature: 0,
      topP: 0.9,
      maxTokens: 10,
      frequencyPenalty: 1,
      presencePenalty: -1,
      stop: ['END'],
      seed: 7,
      choices: 2,
      parallelToolCalls: false,
      reasoningEffort: 'low',
      logprobs: true,
      topLogprobs: 3,
    })
    expect(body).toEqual({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      temperature: 0,
      top_p: 0.9,
      max_tokens: 10,
      frequency_penalty: 1,
      presence_penalty: -1,
      stop: ['END'],
      seed: 7,
      n: 2,
      parallel_tool_calls: false,
      reasoning_effort: 'low',
      logprobs: true,
      top_logprobs: 3,
    })
  })

  it('names the limit of tokens as the upstream knows it, unless the client named it', () => {
    expect(encode({ maxTokens: 5 }, 'max_completion_tokens')).toMatchObject({
      max_completion_tokens: 5,
    })
    expect(forwarded({ max_tokens: 5 })).toMatchObject({ max_tokens: 5 })
    expect(forwarded({ max_tokens: 5 })).not.toHaveProperty('max_completion_tokens')
    expect(forwarded({ max_completion_tokens: 5 })).not.toHaveProperty('max_tokens')
  })

  it('keeps the client’s spelling when the gateway lowered the limit', () => {
    const { request } = decodeChatRequest({ model: 'm', messages: [user], max_tokens: 500 })
    const options = { model: 'm', maxTokensField: 'max_completion_tokens' } as const
    expect(encodeChatRequest({ ...request, maxTokens: 100 }, options)).toMatchObject({
      max_tokens: 100,
    })
  })

  it('passes unknown members on, but never over its own', () => {
    const members = {
      verbosity: 'low',
      model: 'other',
      messages: [],
      stream: true,
      stream_options: {},
      temperature: 2,
      xrouter: {},
    }
    const body = encode({ passthrough: { dialect: 'openai-chat', members } })
    expect(body).toEqual({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      verbosity: 'low',
    })
  })

  it('keeps the members and extras of other dialects to itself', () => {
    const request: Partial<ChatRequest> = {
      messages: [
        {
          role: 'user',
          parts: [{ type: 'text', text: 'Hello', extra: { cache_control: { type: 'ephemeral' } } }],
          extra: { x: 1 },
        },
      ],
      tools: [{ kind: 'function', name: 'f', extra: { eager: true } }],
      passthrough: {
        dialect: 'anthropic-messages',
        members: { top_k: 3 },
        spellings: { maxTokens: 'limit' },
      },
      maxTokens: 4,
    }
    expect(encode(request)).toEqual({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello' }],
      tools: [{ type: 'function', function: { name: 'f' } }],
      max_tokens: 4,
    })
  })

  const foreign: [name: string, members: Partial<ChatRequest>][] = [
    ['tool', { tools: [{ kind: 'native', type: 'computer', definition: { type: 'computer' } }] }],
    ['tool choice', { toolChoice: { mode: 'native', definition: { type: 'any' } } }],
    ['form of answer', { responseFormat: { type: 'native', definition: { type: 'regex' } } }],
  ]
  it.each(foreign)('refuses another dialect’s %s instead of losing it', (_name, members) => {
    const passthrough = { dialect: 'anthropic-messages', members: {} }
    expect(() => encode({ ...members, passthrough })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FEATURE', failover: true }),
    )
  })
})

describe('messages to an upstream', () => {
  it('writes a lone text as a string and everything else as parts', () => {
    expect(
      messages(
        { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
        {
          role: 'user',
          name: 'ann',
          parts: [
            { type: 'text', text: 'See' },
            { type: 'image', url: 'https://example.com/a.png', detail: 'high' },
            { type: 'audio', data: 'AA', format: 'mp3' },
            { type: 'file', url: 'data:application/pdf;base64,AA', name: 'a.pdf' },
            { type: 'file', fileId: 'file-1' },
          ],
        },
        { role: 'assistant', parts: [{ type: 'refusal', text: 'No.' }] },
      ),
    ).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'high' } },
          { type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } },
          {
            type: 'file',
            file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' },
          },
          { type: 'file', file: { file_id: 'file-1' } },
        ],
      },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ])
  })

  it('writes calls and their answers', () => {
    expect(
      messages(
        {
          role: 'assistant',
          parts: [{ type: 'reasoning', text: 'hm' }],
          toolCalls: [
            { id: 'c1', kind: 'function', name: 'f', arguments: '{' },
            { id: 'c2', kind: 'custom', name: 'sh', arguments: 'ls' },
            { id: '', kind: 'function_call', name: 'g', arguments: '{}' },
          ],
        },
        { role: 'tool', toolCallId: 'c1', parts: [] },
        { role: 'tool', name: 'g', parts: [] },
      ),
    ).toEqual([
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: '{' } },
          { id: 'c2', type: 'custom', custom: { name: 'sh', input: 'ls' } },
        ],
        function_call: { name: 'g', arguments: '{}' },
      },
      { role: 'tool', tool_call_id: 'c1', content: '' },
      { role: 'function', name: 'g', content: null },
    ])
  })

  it('sends reasoning back under the name under which it came', () => {
    const turn = { role: 'assistant', content: 'A', reasoning: 'hm', reasoning_details: [{}] }
    const both = { role: 'assistant', content: 'A', reasoning_content: 'one', reasoning: 'two' }
    expect(forwarded({ messages: [turn, both] })['messages']).toEqual([turn, both])
  })

  it('gives unknown members back to where they stood', () => {
    const body = {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a', mark: 1 },
            {
              type: 'image_url',
              image_url: { url: 'data:image/png;base64,AA==', fps: 2 },
              mark: 2,
            },
            { type: 'input_audio', input_audio: { data: 'A', format: 'wav', rate: 8 } },
            { type: 'file', file: { file_id: 'f', pages: [1] } },
          ],
          mark: 3,
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              id: 'c',
              type: 'function',
              function: { name: 'f', arguments: '', thought: 't' },
              extra_content: { google: { thought_signature: 's' } },
            },
          ],
        },
      ],
      tools: [
        { type: 'function', function: { name: 'f', parameters: {}, x: 1 }, cache_control: {} },
        { type: 'openrouter:web_search', engine: 'e' },
      ],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } },
      response_format: { type: 'grammar', grammar: 'g' },
    }
    expect(forwarded(body)).toEqual({ model: 'm', ...body })
  })
})
