import { z } from 'zod'
import { isRecord, unread } from '../narrow.ts'
import { check, invalidMember } from '../openai-chat/check.ts'
import type { ChatRequest, Extra, Message, Passthrough } from '../../protocol/request.ts'
import { decodeItem } from './decode-items.ts'
import { decodeTextFormat, decodeTool, decodeToolChoice } from './decode-tool.ts'
import { openaiResponses } from './dialect.ts'
import { newTurns } from './turns.ts'

/** What of earlier responses a request builds upon. */
export interface Earlier {
  /** The items of the conversation that `previous_response_id` names. */
  items: readonly unknown[]
  /** An item of a stored response by its id. */
  itemOf: (id: string) => unknown
}

export const nothingEarlier: Earlier = { items: [], itemOf: () => undefined }

/** What a client asked for, and what it asked of the door alone. */
export interface DecodedResponsesRequest {
  request: ChatRequest
  /** The body, to be told again in the answer. */
  asked: Extra
  /** The items that the body brings, without those of earlier responses. */
  items: unknown[]
  /** Whether the response is to be kept. */
  store: boolean
  /** What was left out of the request. */
  warnings: string[]
  xrouter: unknown
}

/** Reads the body of a request for a response; a problem is thrown as a 400 that names its member. */
export function decodeResponsesRequest(
  raw: unknown,
  earlier: Earlier = nothingEarlier,
): DecodedResponsesRequest {
  if (isRecord(raw)) refuseUnsupported(raw)
  const body = check(bodySchema, raw, '')
  const items = inputItems(body)
  const turns = newTurns(earlier.itemOf)
  for (const item of earlier.items) decodeItem(turns, item, 'previous_response_id')
  for (const [index, item] of items.entries()) {
    decodeItem(turns, item, typeof body.input === 'string' ? 'input' : `input[${index}]`)
  }
  const topLogprobs = body.top_logprobs ?? undefined
  const logprobs = body.include?.includes(includeLogprobs) || (topLogprobs ?? 0) > 0
  const request: ChatRequest = {
    model: body.model,
    messages: [...instructions(body), ...turns.messages],
    stream: body.stream ?? false,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    maxTokens: body.max_output_tokens ?? undefined,
    tools: body.tools?.map((tool, index) => decodeTool(tool, `tools[${index}]`)),
    toolChoice: decodeToolChoice(body.tool_choice, 'tool_choice'),
    parallelToolCalls: body.parallel_tool_calls ?? undefined,
    responseFormat: decodeTextFormat(body.text?.format, 'text.format'),
    reasoningEffort: body.reasoning?.effort ?? undefined,
    reasoningSummary: body.reasoning?.summary ?? undefined,
    endUserId: body.user ?? undefined,
    logprobs: logprobs || undefined,
    topLogprobs: logprobs ? topLogprobs : undefined,
    passthrough: passthrough(body),
  }
  const { warnings } = turns
  const store = body.store ?? true
  return { request, asked: body, items, store, warnings, xrouter: body.xrouter }
}

export const includeLogprobs = 'message.output_text.logprobs'
export const includeReasoning = 'reasoning.encrypted_content'

const bodySchema = z.looseObject({
  model: z.string().min(1),
  input: z
    .union([z.string(), z.array(z.unknown())], { error: 'expected a string or an array of items' })
    .nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.unknown().optional(),
  include: z.array(z.string()).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.looseObject({ format: z.unknown().optional() }).nullish(),
  reasoning: z
    .looseObject({ effort: z.string().nullish(), summary: z.string().nullish() })
    .nullish(),
  user: z.string().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z.string().nullish(),
  xrouter: z.unknown().optional(),
})

type Body = z.infer<typeof bodySchema>

/** Members that the gateway reads itself; the rest is the upstream's to understand. */
const readMembers: ReadonlySet<string> = new Set(Object.keys(bodySchema.shape))

function refuseUnsupported(body: Extra): void {
  if (body['background'] === true) {
    throw invalidMember('background', 'the gateway answers while the client waits; leave it out')
  }
  if (body['conversation'] != null) {
    throw invalidMember('conversation', 'it is not kept here; use previous_response_id or items')
  }
  if (body['prompt'] != null) {
    throw invalidMember('prompt', 'templates are not kept here; send the instructions and input')
  }
}

function inputItems({ input, previous_response_id: previous }: Body): unknown[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }]
  if (Array.isArray(input) && (input.length > 0 || previous != null)) return input
  if (input == null && previous != null) return []
  throw invalidMember('input', 'expected a string or an array of at least one item')
}

function instructions({ instructions: text }: Body): Message[] {
  return text == null ? [] : [{ role: 'system', parts: [{ type: 'text', text }] }]
}

/** Always there, even when empty: it says whose the extras of the messages, parts and tools are. */
function passthrough(body: Body): Passthrough {
  const members: Extra = unread(body, readMembers) ?? {}
  for (const [member, value] of Object.entries(members))
    if (isNothing(value)) delete members[member]
  const text = body.text && unread(body.text, new Set(['format']))
  const reasoning = body.reasoning && unread(body.reasoning, new Set(['effort', 'summary']))
  const include = (body.include ?? []).filter((word) => !readIncludes.has(word))
  if (text) members['text'] = text
  if (reasoning) members['reasoning'] = reasoning
  if (include.length > 0) members['include'] = include
  if (body.truncation != null && body.truncation !== 'disabled') {
    members['truncation'] = body.truncation
  }
  return {
    dialect: openaiResponses,
    members,
    ...(body.instructions != null && { spellings: { system: 'instructions' } }),
  }
}

/** What is sealed always comes back, and log probabilities are a member of the request. */
const readIncludes: ReadonlySet<string> = new Set([includeLogprobs, includeReasoning])

function isNothing(value: unknown): boolean {
  return value == null || (isRecord(value) && Object.keys(value).length === 0)
}
