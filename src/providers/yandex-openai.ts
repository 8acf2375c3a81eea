import { openaiChatApi } from '../dialects/openai-chat/chat-api.ts'
import { encodeChatRequest } from '../dialects/openai-chat/encode-request.ts'
import { openaiEmbeddingApi } from '../dialects/openai-embeddings/embedding-api.ts'
import { decodeYandexError } from '../dialects/yandex/decode-error.ts'
import { takesDimensions } from '../dialects/yandex/embedding-api.ts'
import { matchResults } from '../dialects/match-results.ts'
import { newId } from '../lib/id.ts'
import type { ChatApi } from '../protocol/chat-api.ts'
import type { EmbeddingApi } from '../protocol/embedding.ts'
import type { ChatEvent } from '../protocol/event.ts'
import { nothingBut } from '../protocol/features.ts'
import type { ChatRequest, ContentPart, Message, ToolCall } from '../protocol/request.ts'

const perhaps = { emulated: 'passed on, but not every model heeds it' }

/** What the reference of the OpenAI-compatible endpoint says of each feature. */
export const yandexOpenaiSupport = nothingBut({
  temperature: 'native',
  top_p: perhaps,
  top_k: perhaps,
  end_user: 'native',
  max_tokens: 'native',
  frequency_penalty: perhaps,
  presence_penalty: perhaps,
  reasoning_effort: 'native',
  parallel_tool_calls: perhaps,
  participant_name: 'native',
  reasoning_history: 'native',
  image_detail: 'native',
  tool_strict: 'native',
  passthrough: 'native',
  json_object: 'native',
  json_schema: 'native',
  tools: 'native',
  custom_tools: 'native',
  tool_choice_none: 'native',
  tool_choice_required: 'native',
  tool_choice_named: 'native',
  later_system: 'native',
  developer: 'native',
  tool_history: 'native',
  parallel_tool_history: 'native',
  image_data: 'native',
  refusal_history: { emulated: 'sent as the text of the assistant' },
})

/** OpenAI's chat completions as the service has them, with what differs. */
export function yandexOpenaiApi({ modelUri }: { modelUri: (model: string) => string }): ChatApi {
  const chat = openaiChatApi()
  return {
    ...chat,
    encodeRequest: (request, model) => {
      // Usage comes unasked, or not at all: the option is not supported.
      const { stream_options: _unsupported, ...body } = encodeChatRequest(plainRequest(request), {
        model: modelUri(model),
        maxTokensField: 'max_tokens',
        extensions: { topK: true },
      })
      return body
    },
    decodeEvents: async function* (data) {
      const rekey = rekeyed()
      for await (const event of chat.decodeEvents(data)) yield rekey(event)
    },
    decodeBody: (body) => chat.decodeBody(body).map(rekeyed()),
    decodeError: decodeYandexError,
  }
}

/** OpenAI's embeddings as the service has them: one text in a call, and only as numbers. */
export function yandexOpenaiEmbeddingApi({
  modelUri,
}: {
  modelUri: (model: string) => string
}): EmbeddingApi {
  const api = openaiEmbeddingApi({
    inputsMax: 1,
    tokens: false,
    dimensionsOf: takesDimensions,
    endUser: false,
    decodeError: decodeYandexError,
  })
  return {
    ...api,
    encodeRequest: (request, model) =>
      api.encodeRequest({ ...request, endUserId: undefined }, modelUri(model)),
  }
}

/** A call's id is the name of its function there, so two calls of one function have the same. */
function rekeyed(): (event: ChatEvent) => ChatEvent {
  const seen = new Set<string>()
  return (event) => {
    if (event.type !== 'tool-call-start') return event
    const id = event.id === event.name || seen.has(event.id) ? newId('call') : event.id
    seen.add(id)
    return { ...event, id }
  }
}

function plainRequest(request: ChatRequest): ChatRequest {
  const { messages, calls } = matchResults(request.messages)
  const plain = messages.map((message) => plainMessage(message, calls.get(message)))
  return { ...request, messages: plain, seed: undefined }
}

function plainMessage(message: Message, answered: ToolCall | undefined): Message {
  const { role, toolCalls } = message
  return {
    ...message,
    role: role === 'developer' ? 'system' : role,
    parts: message.parts.map(plainPart),
    ...(toolCalls && { toolCalls: toolCalls.map((call) => ({ ...call, id: wireId(call) })) }),
    ...(answered && message.toolCallId !== undefined && { toolCallId: wireId(answered) }),
  }
}

function plainPart(part: ContentPart): ContentPart {
  return part.type === 'refusal' ? { type: 'text', text: part.text } : part
}

/** Ids of the open models' server go back as they came; elsewhere the name is the id. */
function wireId(call: ToolCall): string {
  return call.id.startsWith('chatcmpl-tool-') ? call.id : call.name
}
