import { describe, expect, it } from 'vitest'
import { openaiChatApi } from '../../../src/dialects/openai-chat/chat-api.ts'
import { decodeChatRequest } from '../../../src/dialects/openai-chat/decode-request.ts'
import type { ChatRequest } from '../../../src/protocol/request.ts'
import type { ChatApi } from '../../../src/protocol/chat-api.ts'
import { streamOf } from '../../support/recorded.ts'
import { finish } from './wire.ts'

const request: ChatRequest = {
  model: 'a/m',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
  stream: false,
  maxTokens: 5,
}

describe('the dialect as a provider uses it', () => {
  const api: ChatApi = openaiChatApi()

  it('says which members of a request are its own', () => {
    expect(api.dialect).toBe('openai-chat')
  })

  it('is found at OpenAI’s path unless the provider has another', () => {
    expect(api.path('any', request)).toBe('/chat/completions')
    expect(openaiChatApi({ path: '/v2/chat' }).path('any', request)).toBe('/v2/chat')
  })

  it('limits tokens under the name that the provider knows', () => {
    expect(api.encodeRequest(request, 'm')).toMatchObject({ model: 'm', max_tokens: 5 })
    const newer = openaiChatApi({ maxTokensField: 'max_completion_tokens' })
    expect(newer.encodeRequest(request, 'm')).toMatchObject({ max_completion_tokens: 5 })
    const messages = [{ role: 'user', content: 'Hi' }]
    const { request: asked } = decodeChatRequest({ model: 'm', messages, max_tokens: 5 })
    const insisting = openaiChatApi({
      maxTokensField: 'max_completion_tokens',
      insists: (model) => model === 'o9',
    })
    expect(insisting.encodeRequest(asked, 'm')).toMatchObject({ max_tokens: 5 })
    const body = insisting.encodeRequest(asked, 'o9')
    expect(body).toMatchObject({ max_completion_tokens: 5 })
    expect(body).not.toHaveProperty('max_tokens')
  })

  it('reads streams, bodies and failures', async () => {
    const streamed = []
    for await (const event of api.decodeEvents(streamOf([JSON.stringify(finish('stop'))]))) {
      streamed.push(event.type)
    }
    expect(streamed).toEqual(['response-start', 'finish'])
    const body = { choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'stop' }] }
    expect(api.decodeBody(body).map(({ type }) => type)).toEqual([
      'response-start',
      'text-delta',
      'finish',
    ])
    expect(api.decodeError({ status: 401, body: '', headers: {} }).code).toBe('PROVIDER_AUTH')
  })
})
