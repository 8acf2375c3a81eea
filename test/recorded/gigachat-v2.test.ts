import { describe, expect, it } from 'vitest'
import {
  decodeGigachatV2Body,
  decodeGigachatV2Events,
} from '../../src/dialects/gigachat/v2-decode-events.ts'
import { encodeGigachatV2Request } from '../../src/dialects/gigachat/v2-encode-request.ts'
import { decodeChatBody } from '../../src/dialects/openai-chat/decode-events.ts'
import { decodeChatRequest } from '../../src/dialects/openai-chat/decode-request.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatRequest, Message, Tool, ToolChoice } from '../../src/protocol/request.ts'
import type { ResponseChoice } from '../../src/protocol/response.ts'
import { framesOf, requireServices, streamOf } from '../support/recorded.ts'
import {
  hasGigachatRecordings,
  isStream,
  readCassettes,
  readWire,
  type WireMessage,
  type WireRequest,
  type WireTool,
} from '../support/recorded-gigachat-v2.ts'

/** The name of an interaction's request, and why it cannot be said in our words. */
const inexpressible = new Map([
  ['test_primary_chat_regex_format.json #0', 'no door has a word for an answer by a pattern'],
])

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasGigachatRecordings).toBe(true)
})

describe.skipIf(!hasGigachatRecordings)('recorded GigaChat, API v2', () => {
  const recordings = hasGigachatRecordings ? readCassettes() : []

  it('decodes every interaction', () => {
    console.table(
      recordings.map(({ name, request, text }) => ({
        name,
        answer: isStream(text) ? 'stream' : 'body',
        request: inexpressible.get(name) ?? 'encoded',
        tools: (request.tools ?? []).flatMap((tool) => Object.keys(tool)).join(),
      })),
    )
    expect(recordings.filter(({ status }) => status !== 200)).toEqual([])
    expect([recordings.length, recordings.filter(({ text }) => isStream(text)).length]).toEqual([
      11, 2,
    ])
  })

  it.each(recordings)('$name: nothing of the answer is lost', async ({ text }) => {
    const wire = readWire(text)
    const { choices, usage, upstreamModel, extra } = await decode(text)
    expect(choices).toHaveLength(1)
    expect(extra).toBeUndefined()
    expect({ model: upstreamModel, ...choices.map(plain)[0] }).toEqual({
      model: wire.model,
      text: wire.text,
      calls: wire.calls,
      files: wire.files,
      sources: wire.sources,
      states: wire.states,
      finish: wire.finish,
    })
    expect(usage?.raw?.body).toEqual(wire.usage)
    expect((usage?.inputTokens ?? NaN) + (usage?.cachedInputTokens ?? NaN)).toBe(
      wire.usage?.input_tokens,
    )
    expect([usage?.outputTokens, usage?.totalTokens]).toEqual([
      wire.usage?.output_tokens,
      wire.usage?.total_tokens,
    ])
  })

  it.each(recordings)(
    '$name: the answer is the same through chat completions',
    async ({ text }) => {
      const answer = await decode(text)
      const body = encodeChatResponse(answer, { id: 'chatcmpl-1', created: 1, model: 'm' })
      const again = await collect(decodeChatBody(JSON.parse(JSON.stringify(body))))
      expect(again.choices.map(seenByClients)).toEqual(answer.choices.map(seenByClients))
      expect(again.usage).toMatchObject({
        inputTokens: answer.usage?.inputTokens,
        cachedInputTokens: answer.usage?.cachedInputTokens,
        outputTokens: answer.usage?.outputTokens,
      })
    },
  )

  it.each(recordings.filter(({ text }) => readWire(text).calls.length === 0))(
    '$name: what a client sends back of it is what the service said, with its state and files',
    async ({ text }) => {
      const { text: content, states, files } = readWire(text)
      const body = encodeChatResponse(await decode(text), { id: 'c', created: 1, model: 'm' })
      const [choice] = Object(body)['choices']
      const { role, content: said, xrouter } = JSON.parse(JSON.stringify(choice.message))
      const messages = [
        { role: 'user', content: 'x' },
        { role, content: said, ...(xrouter && { xrouter }) },
      ]
      const { request } = decodeChatRequest({ model: 'm', messages })
      const encoded = encodeGigachatV2Request(request, { model: 'm', resultRole: 'tool' })
      expect(Object(encoded)['messages'][1]).toEqual({
        role: 'assistant',
        ...(states[0] && { tools_state_id: states[0] }),
        content: [
          { text: content },
          ...(files.length > 0 ? [{ files: files.map((file) => ({ id: Object(file).id })) }] : []),
        ],
      })
    },
  )

  it.each(recordings.filter(({ name }) => !inexpressible.has(name)))(
    '$name: the request can be said in our words and comes out the same',
    ({ request }) => {
      const encoded = encodeGigachatV2Request(toRequest(request), {
        model: request.model,
        resultRole: 'tool',
      })
      // Nobody has a word for what a function returns, and a choice is never left to the service.
      expect(encoded).toEqual({
        ...request,
        ...(request.tools && {
          tools: request.tools.map(withoutReturns),
          tool_config: request.tool_config ?? { mode: 'auto' },
        }),
      })
    },
  )
})

/** The same of a decoded answer. */
function plain({ content, toolCalls, parts, annotations, finishReason }: ResponseChoice) {
  return {
    text: content ?? '',
    calls: toolCalls.map((call) => [call.name, JSON.parse(call.arguments)]),
    files: parts.flatMap((part): unknown => (part.type === 'native' ? part.part['files'] : [])),
    sources: annotations.map(({ url, title }) => ({ url, title })),
    states: [
      ...toolCalls.map(({ id }) => id.slice('gch_'.length)),
      ...parts.flatMap((part) =>
        part.type === 'text' && part.signature ? [part.signature.value] : [],
      ),
    ],
    finish: finishReason.raw,
  }
}

function seenByClients({
  content,
  reasoning,
  toolCalls,
  annotations,
  finishReason,
}: ResponseChoice) {
  return {
    content,
    reasoning,
    toolCalls,
    sources: annotations.map(({ url, title }) => ({ url, title })),
    finish: finishReason.unified,
  }
}

function decode(text: string) {
  return collect(
    isStream(text)
      ? decodeGigachatV2Events(streamOf(framesOf(text)))
      : decodeGigachatV2Body(JSON.parse(text)),
  )
}

function toRequest(wire: WireRequest): ChatRequest {
  const format = wire.model_options?.response_format
  return {
    model: wire.model,
    stream: wire.stream ?? false,
    messages: wire.messages.map(toMessage),
    tools: wire.tools?.flatMap(toTools),
    toolChoice: toChoice(wire),
    responseFormat: format && { type: 'json_schema', name: 'any', ...format },
  }
}

function toMessage({ role, content, tools_state_id: state }: WireMessage): Message {
  const id = `gch_${state}`
  const calls = content.flatMap((part) => part.function_call ?? [])
  const results = content.flatMap((part) => part.function_result ?? [])
  const texts = [
    ...content.flatMap((part) => part.text ?? []),
    ...results.map(({ result }) => JSON.stringify(result)),
  ]
  return {
    role,
    parts: texts.map((text) => ({ type: 'text', text })),
    ...(role === 'tool' && { toolCallId: id }),
    ...(calls.length > 0 && {
      toolCalls: calls.map((call) => ({
        id,
        kind: 'function',
        name: call.name,
        arguments: JSON.stringify(call.arguments),
      })),
    }),
  }
}

function toTools(tool: WireTool): Tool[] {
  if (tool.functions) {
    return tool.functions.specifications.map((specification) => ({
      kind: 'function',
      ...specification,
    }))
  }
  return Object.entries(tool).map(([type, settings]) => ({
    kind: 'native',
    type,
    definition: { type, [type]: settings },
  }))
}

function toChoice({ tool_config: config }: WireRequest): ToolChoice | undefined {
  if (config?.mode !== 'forced') return undefined
  const { function_name: name } = config
  return name === undefined ? { mode: 'required' } : { mode: 'tool', kind: 'function', name }
}

function withoutReturns(tool: WireTool): object {
  if (!tool.functions) return tool
  const specifications = tool.functions.specifications.map(
    ({ return_parameters: _returns, ...specification }) => specification,
  )
  return { functions: { specifications } }
}
