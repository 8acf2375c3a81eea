import type { ChatRequest, Extra, ResponseFormat, Tool } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { ollama } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import type { OllamaSettings } from './settings.ts'
import { unsupported } from './unsupported.ts'

/** The body of `POST /api/chat`. */
export function encodeOllamaRequest(
  request: ChatRequest,
  model: string,
  { keepAlive, options }: OllamaSettings = {},
): Extra {
  const { passthrough, toolChoice, tools, logprobs, topLogprobs } = request
  const members = passthrough?.dialect === ollama ? passthrough.members : {}
  const own = isRecord(members['options']) ? members['options'] : {}
  const format = encodeFormat(request.responseFormat)
  const think = encodeThink(request.reasoningEffort)
  const called = toolChoice?.mode === 'none' ? [] : (tools ?? [])
  return {
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    // Otherwise the oldest turns of a conversation that is too long are left out without a word.
    truncate: false,
    ...members,
    model,
    messages: encodeMessages(request.messages),
    stream: request.stream,
    ...(called.length > 0 && { tools: called.map(encodeTool) }),
    ...(format !== undefined && { format }),
    ...(think !== undefined && { think }),
    ...(logprobs === true && { logprobs, top_logprobs: topLogprobs ?? 0 }),
    options: { ...options, ...own, ...encodeOptions(request) },
  }
}

/** Whether an effort has the very word that it has here. */
export function isOwnEffort(effort: string | undefined): boolean {
  return effort === undefined || effort === 'none' || thinkWords.get(effort) === effort
}

/** The wire puts everything that tunes a model in one object. */
function encodeOptions(request: ChatRequest): Extra {
  const known = {
    num_predict: request.maxTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    seed: request.seed,
    stop: request.stop,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

const thinkWords = new Map<string, string | false>([
  ['none', false],
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'max'],
  ['max', 'max'],
])

function encodeThink(effort: string | undefined): string | false | undefined {
  if (effort === undefined) return undefined
  const think = thinkWords.get(effort)
  if (think === undefined)
    throw unsupported('reasoning_effort', 'it has no such degree of thinking')
  return think
}

function encodeFormat(format: ResponseFormat | undefined): unknown {
  if (!format || format.type === 'text') return undefined
  if (format.type === 'json_object') return 'json'
  if (format.type === 'json_schema') return format.schema ?? 'json'
  throw unsupported('response_format', 'it is a form of another vendor')
}

function encodeTool(tool: Tool, index: number): Extra {
  if (tool.kind !== 'function') throw unsupported(`tools[${index}]`, 'it calls functions only')
  const { name, description, parameters = { type: 'object', properties: {} } } = tool
  return {
    type: 'function',
    function: { name, ...(description !== undefined && { description }), parameters },
  }
}
