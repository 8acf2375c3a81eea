import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { framesOf } from './recorded.ts'

/** Traffic of the service's own SDK, beside the repository. */
const root = new URL('../../../shared/recorded/yandex/', import.meta.url)

export const hasYandexRecordings = existsSync(root)

export interface YandexRecording {
  /** With the number of the interaction. */
  name: string
  endpoint: string
  request: unknown
  answer:
    | { kind: 'lines' | 'frames'; parts: string[] }
    | { kind: 'body'; text: string; body: unknown }
}

export function readYandexRecordings(): YandexRecording[] {
  return ['native-grpc', 'openai-compat'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root))
      .toSorted()
      .flatMap((file) => {
        const { interactions } = parsed(readFileSync(new URL(`${folder}/${file}`, root), 'utf8'))
        return interactions.map((interaction, index) =>
          read(interaction, `${folder}/${file} #${index}`),
        )
      }),
  )
}

interface Message {
  cls: string
  message: unknown
}

interface Interaction {
  request: Message & { method?: string; uri?: string; body_text?: string }
  response?: Message & { headers?: Record<string, string>; body_text?: string }
  response_stream?: Message[]
}

/** A gRPC message is a line `{"result": …}` of the REST form. */
function read({ request, response, response_stream: stream }: Interaction, name: string) {
  if (request.uri === undefined) {
    const parts = (stream ?? []).map(({ message }) => JSON.stringify({ result: message }))
    const endpoint = stream ? 'completion' : `${request.cls} -> ${response?.cls}`
    return { name, endpoint, request: request.message, answer: { kind: 'lines' as const, parts } }
  }
  const endpoint = `${request.method} ${new URL(request.uri).pathname}`
  const text = response?.body_text ?? ''
  const sent: unknown = request.body_text ? JSON.parse(request.body_text) : undefined
  const isStream = response?.headers?.['content-type'] === 'text/event-stream'
  const answer: YandexRecording['answer'] = isStream
    ? { kind: 'frames', parts: framesOf(text) }
    : { kind: 'body', text, body: JSON.parse(text) }
  return { name, endpoint, request: sent, answer }
}

/** The layout of the recordings, trusted: the tests assert what is in them. */
function parsed(json: string): { interactions: Interaction[] } {
  return JSON.parse(json) as { interactions: Interaction[] }
}

interface NativeRequest {
  modelUri: string
  completionOptions: { stream?: boolean }
  messages: {
    role: string
    text?: string
    toolCallList?: { toolCalls: { functionCall: { name: string; arguments: object } }[] }
    toolResultList?: { toolResults: { functionResult: { name: string; content: string } }[] }
  }[]
  tools?: object[]
  toolChoice?: { mode?: string; functionName?: string }
  parallelToolCalls?: boolean
  jsonSchema?: { schema: object }
}

/** The model and the OpenAI body that a client would have sent to get this request made. */
export function asOpenai(recorded: unknown): { modelUri: string; body: object } {
  const request = nativeRequest(recorded)
  const { toolChoice: choice, jsonSchema, parallelToolCalls } = request
  const body = {
    model: 'yandex/yandexgpt',
    messages: request.messages.flatMap(openaiMessages),
    stream: request.completionOptions.stream ?? false,
    ...(request.tools && { tools: request.tools.map((tool) => ({ type: 'function', ...tool })) }),
    ...(choice?.mode && { tool_choice: choice.mode.toLowerCase() }),
    ...(choice?.functionName && {
      tool_choice: { type: 'function', function: { name: choice.functionName } },
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(jsonSchema && {
      response_format: { type: 'json_schema', json_schema: { name: 's', ...jsonSchema } },
    }),
  }
  return { modelUri: request.modelUri, body }
}

/** Every recorded conversation calls a function once, so its name will do for an id. */
function openaiMessages({
  role,
  text,
  toolCallList,
  toolResultList,
}: NativeRequest['messages'][number]): object[] {
  if (toolResultList) {
    return toolResultList.toolResults.map(({ functionResult: { name, content } }) => ({
      role: 'tool',
      tool_call_id: name,
      content,
    }))
  }
  const calls = toolCallList?.toolCalls.map(({ functionCall: { name, arguments: given } }) => ({
    id: name,
    type: 'function',
    function: { name, arguments: JSON.stringify(given) },
  }))
  return [{ role, content: text ?? null, ...(calls && { tool_calls: calls }) }]
}

/** Trusted, as the layout is. */
function nativeRequest(recorded: unknown): NativeRequest {
  return recorded as NativeRequest
}
