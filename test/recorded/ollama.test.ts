import { describe, expect, it } from 'vitest'
import { decodeOllamaBody, decodeOllamaEvents } from '../../src/dialects/ollama/decode-events.ts'
import { encodeOllamaRequest } from '../../src/dialects/ollama/encode-request.ts'
import { decodeChatBody, decodeChatEvents } from '../../src/dialects/openai-chat/decode-events.ts'
import { decodeChatRequest } from '../../src/dialects/openai-chat/decode-request.ts'
import { createChunkEncoder } from '../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import type { ChatResponse } from '../../src/protocol/response.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import { decodeTags } from '../../src/providers/ollama-models.ts'
import { requireServices, streamOf } from '../support/recorded.ts'
import {
  hasOllamaRecordings,
  readOllamaRecordings,
  type OllamaRecording,
} from '../support/recorded-ollama.ts'

const chat = '/api/chat'
const list = 'tags.json'

/** What is not asked for here, by name; an endpoint that is neither here nor decoded fails the test. */
const others = new Map([
  ['source note', 'says where the recordings come from'],
  ['/api/generate', 'completions of a text, which is no conversation'],
  ['/api/embeddings', 'the deprecated endpoint of vectors'],
  ['/v1/chat/completions', 'the OpenAI-compatible API, which is not asked here'],
  ['embed.json', 'vectors, decoded with those of all providers'],
  ['embed-multi.json', 'vectors, decoded with those of all providers'],
  ['chat-load.json', 'loads a model into memory'],
  ['chat-unload.json', 'takes a model out of memory'],
  ['ps.json', 'lists what is in memory'],
  ['show.json', 'has a request alone'],
  ['version.json', 'tells a version'],
])

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasOllamaRecordings).toBe(true)
})

describe.skipIf(!hasOllamaRecordings)('recorded Ollama', () => {
  const recordings = hasOllamaRecordings ? readOllamaRecordings() : []
  const chats = recordings.filter(({ endpoint }) => endpoint === chat)
  const answered = chats.filter(({ lines }) => lines.length > 0)
  // Without a message a model is only loaded.
  const asked = chats.filter(({ request }) => messagesOf(request['messages']).length > 0)

  it('decodes or excludes every interaction, by the name of its endpoint', () => {
    const endpoints = [...new Set(recordings.map(({ endpoint }) => endpoint))]
    const isDecoded = (endpoint: string): boolean => endpoint === chat || endpoint === list
    console.table(
      endpoints.map((endpoint) => ({
        endpoint,
        interactions: recordings.filter((one) => one.endpoint === endpoint).length,
        fate: isDecoded(endpoint) ? 'decoded' : others.get(endpoint),
      })),
    )
    expect(endpoints.filter((one) => !isDecoded(one) && !others.has(one))).toEqual([])
    expect([answered.length, asked.length]).toEqual([10, 7])
  })

  it.each(answered)('$name: nothing of the answer is lost', async (recording) => {
    const wire = readWire(recording)
    const response = await collect(await eventsOf(recording))
    const [choice] = response.choices
    expect({
      model: response.upstreamModel,
      text: choice?.content ?? '',
      thinking: choice?.reasoning ?? '',
      calls: choice?.toolCalls.map(({ name, arguments: given }) => [name, JSON.parse(given)]),
      finish: choice?.finishReason.raw,
      usage: response.usage?.raw?.body ?? {},
    }).toEqual(wire)
    expect([response.usage?.inputTokens, response.usage?.outputTokens]).toEqual([
      wire.usage['prompt_eval_count'],
      wire.usage['eval_count'],
    ])
    expect(response.usage?.estimated ?? false).toBe(false)
  })

  it.each(answered)('$name: OpenAI’s wire holds it', async (recording) => {
    const events = await eventsOf(recording)
    const response = await collect(events)
    const context = { id: 'chatcmpl-1', created: 1, model: 'ollama/any' }
    const body: unknown = JSON.parse(JSON.stringify(encodeChatResponse(response, context)))
    expect(held(await collect(decodeChatBody(body)))).toEqual(held(response))
    const encode = createChunkEncoder({ ...context, includeUsage: true })
    const end: ChatEvent = {
      type: 'end',
      settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
    }
    const chunks = [...events, end].flatMap(encode).map((chunk) => JSON.stringify(chunk))
    const again = await collect(decodeChatEvents(streamOf([...chunks, '[DONE]'])))
    expect(held(again)).toEqual(held(response))
  })

  it.each(asked)('$name: the request can be made from OpenAI’s words', ({ request }) => {
    const { request: said } = decodeChatRequest(asOpenai(request))
    const encoded = encodeOllamaRequest(said, String(request['model']))
    expect(plainOf(encoded)).toEqual(plainOf(request))
  })

  it('every model of the list is read', () => {
    const lists = recordings.filter(({ endpoint }) => endpoint === list)
    expect(lists).toHaveLength(1)
    for (const { lines } of lists) {
      const body: unknown = JSON.parse(lines[0] ?? '')
      const names = decodeTags({ status: 200, headers: {}, body }).map(({ name }) => name)
      expect(names).toEqual(['deepseek-r1', 'llama3.2'])
    }
  })
})

async function eventsOf({ lines, request }: OllamaRecording): Promise<ChatEvent[]> {
  const [only] = lines
  const isStream = lines.length > 1 || request['stream'] === true
  return isStream
    ? Array.fromAsync(decodeOllamaEvents(streamOf(lines)))
    : decodeOllamaBody(JSON.parse(only ?? ''))
}

interface WireLine {
  model: string
  message: {
    content?: string
    thinking?: string
    tool_calls?: { function: { name: string; arguments: unknown } }[]
  }
  done_reason?: string
  [member: string]: unknown
}

/** A plain reading of the wire, which shares no code with the dialect. */
function readWire({ lines }: OllamaRecording) {
  const parsed = lines.map((line): WireLine => JSON.parse(line))
  const measured = Object.entries(parsed.at(-1) ?? {}).filter(([name]) =>
    /_(count|duration)$/.test(name),
  )
  const counted = measured.some(([name]) => name.endsWith('_count'))
  return {
    model: parsed[0]?.model,
    text: parsed.map(({ message }) => message.content ?? '').join(''),
    thinking: parsed.map(({ message }) => message.thinking ?? '').join(''),
    calls: parsed.flatMap(({ message }) =>
      (message.tool_calls ?? []).map(({ function: called }) => [called.name, called.arguments]),
    ),
    finish: parsed.at(-1)?.done_reason,
    usage: counted ? Object.fromEntries(measured) : {},
  }
}

/** What any wire must hold of an answer. */
function held({ choices, usage }: ChatResponse): unknown {
  return {
    choices: choices.map(({ content, reasoning, toolCalls, finishReason }) => ({
      content: content ?? '',
      reasoning,
      calls: toolCalls.map(({ id, name, arguments: given }) => ({ id, name, given })),
      finish: finishReason.unified,
    })),
    tokens: usage && [promptTokens(usage), completionTokens(usage)],
  }
}

interface WireMessage {
  role: string
  content?: string
  images?: string[]
  tool_name?: string
  tool_calls?: { function: { name: string; arguments: unknown } }[]
}

/** The body with which a client of OpenAI would have asked the same. */
function asOpenai(request: Record<string, unknown>): object {
  const { model, messages, tools, format, options, stream = true } = request
  const { temperature } = Object(options)
  return {
    model,
    stream,
    messages: messagesOf(messages).map(openaiMessage),
    ...(temperature !== undefined && { temperature }),
    ...(Array.isArray(tools) && tools.length > 0 && { tools }),
    ...(typeof format === 'object' && {
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: format } },
    }),
  }
}

/** Every recorded conversation calls a function once, so its name will do for an id. */
function openaiMessage({
  role,
  content = '',
  images,
  tool_name: name,
  tool_calls: calls,
}: WireMessage) {
  const seen = images?.map((data) => ({
    type: 'image_url',
    image_url: { url: `data:image/png;base64,${data}` },
  }))
  return {
    role,
    content: seen ? [{ type: 'text', text: content }, ...seen] : content,
    ...(role === 'tool' && { tool_call_id: name }),
    ...(calls && {
      tool_calls: calls.map(({ function: called }) => ({
        id: called.name,
        type: 'function',
        function: { name: called.name, arguments: JSON.stringify(called.arguments) },
      })),
    }),
  }
}

/** A request without what may be left out, said in two ways, or was added here. */
function plainOf(request: Record<string, unknown>): unknown {
  const { model, messages, tools, format, options, stream = true } = request
  return {
    model,
    stream,
    tools: tools ?? [],
    format: format === '' ? undefined : format,
    options: options ?? {},
    messages: messagesOf(messages).map(
      ({ role, content = '', images, tool_name: name, ...rest }) => ({
        role,
        content,
        images,
        name,
        calls: rest.tool_calls?.map(({ function: { name: called, arguments: given } }) => [
          called,
          given,
        ]),
      }),
    ),
  }
}

/** The layout of the recordings, trusted: the tests assert what is in them. */
function messagesOf(value: unknown): WireMessage[] {
  return value as WireMessage[]
}
