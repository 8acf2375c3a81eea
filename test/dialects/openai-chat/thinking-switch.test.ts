import { describe, expect, it } from 'vitest'
import { isBetween, thinkingSwitchApi } from '../../../src/dialects/openai-chat/thinking-switch.ts'
import type { ChatRequest } from '../../../src/protocol/request.ts'

const api = thinkingSwitchApi((model) => model === 'hybrid')
const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  stream: false,
  topK: 20,
}

describe('an effort', () => {
  it.each([
    ['none', false, false],
    ['minimal', false, true],
    ['low', true, true],
    ['medium', true, true],
    ['high', true, false],
  ])('%s switches thinking: %s', (reasoningEffort, on, between) => {
    const body = api.encodeRequest({ ...request, reasoningEffort }, 'hybrid')
    expect(body).toMatchObject({ top_k: 20, chat_template_kwargs: { enable_thinking: on } })
    expect(body).not.toHaveProperty('reasoning_effort')
    expect(isBetween({ ...request, reasoningEffort })).toBe(between)
  })

  it('is not sent to a model without the switch, and nothing is sent without one', () => {
    const body = api.encodeRequest({ ...request, reasoningEffort: 'low' }, 'plain')
    expect(body).not.toHaveProperty('chat_template_kwargs')
    expect(body).not.toHaveProperty('reasoning_effort')
    expect(api.encodeRequest(request, 'hybrid')).not.toHaveProperty('chat_template_kwargs')
  })

  it('gives way to what the client wrote in the words of the server', () => {
    const members = { chat_template_kwargs: { enable_thinking: true, other: 1 } }
    const asked = {
      ...request,
      reasoningEffort: 'none',
      passthrough: { dialect: 'openai-chat', members },
    }
    expect(api.encodeRequest(asked, 'hybrid')).toMatchObject(members)
  })
})
