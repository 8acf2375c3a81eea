import { expect, test } from 'vitest'
import { decodeResponsesRequest } from '../../../src/dialects/openai-responses/decode-request.ts'
import { encodeResponse } from '../../../src/dialects/openai-responses/encode-response.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'

const choice = 0
const part = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { q: 'é' } }
const native: ChatEvent = { type: 'native-part', choice, dialect: 'anthropic-messages', part }

async function outputOf(...events: ChatEvent[]): Promise<unknown[]> {
  const asked = { body: {}, store: true }
  const context = { id: 'req_1', created: 1, model: 'provider/model' }
  const { output, xrouter } = encodeResponse(asked, await collect(events), context)
  expect(xrouter).toBeUndefined()
  return Array.isArray(output) ? output : []
}

test('a part of another vendor keeps its place and comes back in the next turn', async () => {
  const output = await outputOf({ type: 'text-delta', choice, text: 'I look.' }, native, {
    type: 'text-delta',
    choice,
    text: 'Found.',
  })
  expect(output).toMatchObject([
    { type: 'message' },
    { type: 'reasoning', summary: [], encrypted_content: expect.stringMatching(/^xrouter\.1\./) },
    { type: 'message' },
  ])
  const { request } = decodeResponsesRequest({ model: 'm', input: output })
  expect(request.messages.map(({ role }) => role)).toEqual(['assistant'])
  expect(request.messages[0]?.parts).toMatchObject([
    { type: 'text', text: 'I look.' },
    { type: 'native', dialect: 'anthropic-messages', part },
    { type: 'text', text: 'Found.' },
  ])
})

test('a call without an id gets one, and shows no members of another dialect', async () => {
  const extra = { dialect: 'openai-chat', members: { index: 0, extra_content: {} } }
  const [call] = await outputOf(
    { type: 'tool-call-start', choice, index: 0, id: '', kind: 'function_call', name: 'f', extra },
    { type: 'tool-call-delta', choice, index: 0, argumentsDelta: '{}' },
    { type: 'tool-call-end', choice, index: 0 },
  )
  expect(call).toEqual({
    type: 'function_call',
    id: 'fc_1000',
    call_id: 'fc_1000',
    status: 'completed',
    name: 'f',
    arguments: '{}',
  })
})
