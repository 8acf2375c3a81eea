import { z } from 'zod'
import type { ChatRequest, Message, Passthrough } from '../../protocol/request.ts'
import { toolFlaw, toolFlawWords, type ToolFlaw } from '../../protocol/tool-flaw.ts'
import { invalidMember, objectCheck } from './check.ts'
import { decodeMessage } from './decode-message.ts'
import { decodeResponseFormat, decodeTool, decodeToolChoice } from './decode-tool.ts'
import { openaiChat } from './dialect.ts'
import { unread } from '../narrow.ts'

/** What a client asked for, and what it asked of the door alone. */
export interface DecodedChatRequest {
  request: ChatRequest
  /** Whether the client wants the usage as the last chunk of a stream. */
  includeUsage: boolean
  /** The gateway's own member as it came; undefined when absent. */
  xrouter: unknown
}

/** Reads the body of a completion request; a problem is thrown as a 400 that names its member. */
export function decodeChatRequest(raw: unknown): DecodedChatRequest {
  const body = bodyCheck.check(raw, '')
  if (body.top_logprobs != null && body.logprobs !== true) {
    throw invalidMember('top_logprobs', 'it needs logprobs to be true')
  }
  const request: ChatRequest = {
    model: body.model,
    messages: decodeMessages(body.messages),
    stream: body.stream ?? false,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    topK: body.top_k ?? undefined,
    maxTokens: maxTokens(body),
    frequencyPenalty: body.frequency_penalty ?? undefined,
    presencePenalty: body.presence_penalty ?? undefined,
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? undefined),
    seed: body.seed ?? undefined,
    choices: body.n ?? undefined,
    tools: body.tools?.map((tool, index) => decodeTool(tool, `tools[${index}]`)),
    toolChoice: decodeToolChoice(body.tool_choice, 'tool_choice'),
    parallelToolCalls: body.parallel_tool_calls ?? undefined,
    responseFormat: decodeResponseFormat(body.response_format, 'response_format'),
    ...decodeReasoning(body),
    endUserId: body.user ?? undefined,
    logprobs: body.logprobs ?? undefined,
    topLogprobs: body.top_logprobs ?? undefined,
    passthrough: passthrough(body),
  }
  const includeUsage = body.stream_options?.include_usage ?? false
  return { request, includeUsage, xrouter: body.xrouter }
}

function decodeMessages(raw: readonly unknown[]): Message[] {
  const messages = raw.map((message, index) => decodeMessage(message, `messages[${index}]`))
  const flaw = toolFlaw(messages)
  if (flaw) throw invalidMember(flawPath(flaw, messages), toolFlawWords[flaw.kind])
  return messages
}

function flawPath(flaw: ToolFlaw, messages: readonly Message[]): string {
  const path = `messages[${flaw.message}]`
  if (flaw.kind === 'result-without-call') return `${path}.tool_call_id`
  const call = messages[flaw.message]?.toolCalls?.[flaw.call]
  return call?.kind === 'function_call'
    ? `${path}.function_call.arguments`
    : `${path}.tool_calls[${flaw.call}].function.arguments`
}

const penalty = z.number().min(-2).max(2).nullish()
const tokenLimit = z.int().min(1).nullish()

const bodyCheck = objectCheck({
  model: z.string().min(1),
  messages: z.array(z.unknown()).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  max_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  frequency_penalty: penalty,
  presence_penalty: penalty,
  stop: z
    .union([z.string(), z.array(z.string())], { error: 'expected a string or an array of strings' })
    .nullish(),
  seed: z.int().nullish(),
  n: z.int().min(1).max(128).nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.unknown().optional(),
  reasoning_effort: z.string().nullish(),
  reasoning: z.unknown().optional(),
  user: z.string().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  xrouter: z.unknown().optional(),
})

type Body = ReturnType<typeof bodyCheck.check>

/** Members that the gateway reads itself; the rest is the upstream's to understand. */
export const readMembers: ReadonlySet<string> = bodyCheck.names

function maxTokens(body: Body): number | undefined {
  const { max_tokens: older, max_completion_tokens: newer } = body
  if (older != null && newer != null && older !== newer) {
    throw invalidMember('max_tokens', 'it differs from max_completion_tokens; send one of the two')
  }
  return newer ?? older ?? undefined
}

const reasoningSchema = z.strictObject({
  effort: z.string().nullish(),
  max_tokens: z.int().min(1).nullish(),
  summary: z.string().nullish(),
})

/** Servers that copied OpenAI know more of reasoning than an effort; what is in no form that we read goes as it came. */
function readReasoning(body: Body): z.infer<typeof reasoningSchema> | undefined {
  return body.reasoning == null ? undefined : reasoningSchema.safeParse(body.reasoning).data
}

function decodeReasoning(body: Body): Partial<ChatRequest> {
  const reasoning = readReasoning(body)
  const effort = body.reasoning_effort ?? reasoning?.effort ?? undefined
  return {
    reasoningEffort: effort,
    ...(reasoning?.max_tokens != null && { reasoningBudgetTokens: reasoning.max_tokens }),
    ...(reasoning?.summary != null && { reasoningSummary: reasoning.summary }),
  }
}

/** Always there, even when empty: it says whose the extras of the messages, parts and tools are. */
function passthrough(body: Body): Passthrough {
  const spelling = body.max_completion_tokens != null ? 'max_completion_tokens' : 'max_tokens'
  const spellings = {
    ...(maxTokens(body) !== undefined && { maxTokens: spelling }),
    ...(readReasoning(body)?.effort != null && { reasoning: 'reasoning.effort' }),
  }
  const unreadReasoning = body.reasoning != null && !readReasoning(body)
  return {
    dialect: openaiChat,
    members: {
      ...unread(body, readMembers),
      ...(unreadReasoning && { reasoning: body.reasoning }),
    },
    ...(Object.keys(spellings).length > 0 && { spellings }),
  }
}
