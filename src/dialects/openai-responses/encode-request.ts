import type { ChatRequest, Extra, Message } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { commonMembers, openaiChat } from '../openai-chat/dialect.ts'
import { includeLogprobs, includeReasoning } from './decode-request.ts'
import { openaiResponses } from './dialect.ts'
import { encodeItems } from './encode-items.ts'
import { encodeTextFormat, encodeTool, encodeToolChoice } from './encode-tool.ts'

export interface EncodeOptions {
  model: string
  /** Whether the model seals its reasoning, so that it can be asked to return it. */
  reasons: boolean
}

/** The least that the API takes as a limit of generated tokens. */
export const maxOutputTokensMin = 16

/**
 * The body of a request to an upstream of this dialect. Nothing is stored there: the conversation is sent
 * whole, and what the model thought comes back sealed.
 */
export function encodeResponsesRequest(request: ChatRequest, options: EncodeOptions): Extra {
  const own = request.passthrough?.dialect === openaiResponses
  const [instructions, messages] = splitInstructions(request, own)
  const members = passedOn(request)
  const body: Extra = { model: options.model }
  const set = (member: string, value: unknown): void => {
    if (value !== undefined) body[member] = value
  }
  set('instructions', instructions)
  body['input'] = encodeItems(messages, { own })
  if (request.stream) body['stream'] = true
  body['store'] = false
  set('include', includes(request, members, options))
  set('temperature', request.temperature)
  set('top_p', request.topP)
  set('max_output_tokens', atLeast(maxOutputTokensMin, request.maxTokens))
  set('tools', request.tools && request.tools.map((tool) => encodeTool(tool, own)))
  set('tool_choice', request.toolChoice && encodeToolChoice(request.toolChoice, own))
  set('parallel_tool_calls', request.parallelToolCalls)
  set('text', textOf(request, members, own))
  set('reasoning', reasoningOf(request, members))
  set('user', request.endUserId)
  set('top_logprobs', request.topLogprobs)
  for (const member in members) if (!(member in body)) body[member] = members[member]
  return body
}

/** Members that this dialect's own clients sent, and those of its sister that mean the same. */
function passedOn({ passthrough }: ChatRequest): Extra {
  if (passthrough?.dialect === openaiResponses) return passthrough.members
  if (passthrough?.dialect !== openaiChat) return {}
  const { verbosity, ...members } = passthrough.members
  const common = Object.entries(members).filter(([member]) => commonMembers.has(member))
  return { ...Object.fromEntries(common), ...(verbosity !== undefined && { text: { verbosity } }) }
}

function splitInstructions(request: ChatRequest, own: boolean): [string | undefined, Message[]] {
  const { messages, passthrough } = request
  const [first, ...rest] = messages
  const [part] = first?.parts ?? []
  const said = own && passthrough?.spellings?.['system'] === 'instructions'
  return said && part?.type === 'text' ? [part.text, rest] : [undefined, messages]
}

function includes(
  request: ChatRequest,
  members: Extra,
  { reasons }: EncodeOptions,
): unknown[] | undefined {
  const asked: unknown[] = Array.isArray(members['include']) ? members['include'] : []
  const all = [
    ...asked,
    ...(reasons ? [includeReasoning] : []),
    ...(request.logprobs ? [includeLogprobs] : []),
  ]
  return all.length > 0 ? all : undefined
}

function textOf({ responseFormat }: ChatRequest, { text }: Extra, own: boolean): Extra | undefined {
  const format = responseFormat && { format: encodeTextFormat(responseFormat, own) }
  const rest = isRecord(text) ? text : undefined
  return format || rest ? { ...rest, ...format } : undefined
}

function reasoningOf(request: ChatRequest, { reasoning }: Extra): Extra | undefined {
  const { reasoningEffort: effort, reasoningSummary: summary } = request
  const rest = isRecord(reasoning) ? reasoning : undefined
  if (effort === undefined && summary === undefined) return rest
  return {
    ...rest,
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && { summary }),
  }
}

function atLeast(min: number, limit: number | undefined): number | undefined {
  return limit === undefined ? undefined : Math.max(min, limit)
}
