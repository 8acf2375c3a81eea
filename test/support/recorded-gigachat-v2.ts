import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { framesOf } from './recorded.ts'

const folder = new URL('../../../shared/recorded/gigachat/cassettes/', import.meta.url)
export const hasGigachatRecordings = existsSync(folder)

interface WirePart {
  text?: string
  function_call?: { name: string; arguments: unknown }
  function_result?: { name: string; result: unknown }
  files?: object[]
  inline_data?: { sources?: Record<string, object> }
}

/** One turn of a question. */
export interface WireMessage {
  role: 'user' | 'assistant' | 'tool'
  content: WirePart[]
  tools_state_id?: string
}

/** One tool of a question. */
export interface WireTool {
  functions?: { specifications: { name: string; return_parameters?: unknown }[] }
}

/** A question. */
export interface WireRequest {
  model: string
  messages: WireMessage[]
  stream?: boolean
  tools?: WireTool[]
  tool_config?: { mode: string; tool_name?: string; function_name?: string }
  model_options?: { response_format?: { schema: unknown; strict?: boolean } }
}

interface WireAnswer {
  model: string
  messages?: { tool_state_id?: string; content?: WirePart[] }[]
  finish_reason?: string
  usage?: { input_tokens: number; output_tokens: number; total_tokens: number }
}

/** One question and its answer, as they were on the wire. */
interface Recording {
  name: string
  request: WireRequest
  status: number
  text: string
}

/** A plain reading of the wire, which shares no code with the dialect. */
export function readWire(text: string) {
  const frames = (isStream(text) ? framesOf(text) : [text]).map((frame): WireAnswer =>
    JSON.parse(frame),
  )
  const messages = frames.flatMap((frame) => frame.messages ?? [])
  const parts = messages.flatMap(({ content = [] }) => content)
  return {
    model: frames[0]?.model,
    text: parts.map((part) => part.text ?? '').join(''),
    calls: parts.flatMap(({ function_call: call }) => (call ? [[call.name, call.arguments]] : [])),
    files: parts.flatMap(({ files = [] }) => files),
    sources: parts.flatMap(({ inline_data: data }) => Object.values(data?.sources ?? {})),
    states: messages.flatMap(({ tool_state_id: state }) => state ?? []),
    finish: frames.findLast((frame) => frame.finish_reason)?.finish_reason,
    usage: frames.findLast(({ usage }) => usage)?.usage,
  }
}

/** Whether an answer came in pieces. */
export function isStream(text: string): boolean {
  return text.startsWith('event:')
}

/** Every completion of API v2. */
export function readCassettes(): Recording[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8')
      const { interactions = [] }: { interactions?: Interaction[] } = JSON.parse(text)
      return interactions.flatMap(({ request, response }, index) =>
        request.uri.endsWith('/v2/chat/completions')
          ? [
              {
                name: `${file} #${index}`,
                request: JSON.parse(request.body_text),
                status: response.status.code,
                text: response.body_text.trimStart(),
              },
            ]
          : [],
      )
    })
}

interface Interaction {
  request: { uri: string; body_text: string }
  response: { status: { code: number }; body_text: string }
}
