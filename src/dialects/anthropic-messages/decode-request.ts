import { z } from 'zod'
import type { ChatRequest, Extra, Message, Passthrough } from '../../protocol/request.ts'
import type { RequestHeaders } from '../../protocol/chat-door.ts'
import { isRecord, unread } from '../narrow.ts'
import { check } from '../openai-chat/check.ts'
import { decodeParts } from './decode-part.ts'
import { decodeMessages } from './decode-messages.ts'
import { decodeThinking } from './decode-thinking.ts'
import { decodeTool, decodeToolChoice } from './decode-tool.ts'
import { anthropicMessages } from './dialect.ts'

/** What a client asked for, and what it asked of the gateway alone. */
export interface DecodedMessageRequest {
  request: ChatRequest
  xrouter: unknown
}

/** Reads the body of a request for a message; a problem is thrown as a 400 that names its member. */
export function decodeMessageRequest(raw: unknown, headers: RequestHeaders): DecodedMessageRequest {
  check(limitSchema, raw, '')
  return decodeCountRequest(raw, headers)
}

/** Reads a request of which only the prompt matters: no limit of the answer is demanded. */
export function decodeCountRequest(raw: unknown, headers: RequestHeaders): DecodedMessageRequest {
  const body = check(bodySchema, raw, '')
  const { choice, parallel } = decodeToolChoice(body.tool_choice, 'tool_choice')
  const thinking = decodeThinking(body.thinking, body.output_config)
  const format = formatOf(body)
  const request: ChatRequest = {
    model: body.model,
    messages: [...decodeSystem(body.system), ...decodeMessages(body.messages)],
    stream: body.stream ?? false,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    topK: body.top_k ?? undefined,
    maxTokens: body.max_tokens ?? undefined,
    stop: body.stop_sequences ?? undefined,
    tools: body.tools?.map((tool, index) => decodeTool(tool, `tools[${index}]`)),
    toolChoice: choice,
    parallelToolCalls: parallel,
    responseFormat: format && { type: 'json_schema', name: 'answer', schema: format.schema },
    ...thinking.members,
    endUserId: body.metadata?.user_id ?? undefined,
    passthrough: {
      ...passthrough(body, headers),
      spellings: {
        ...thinking.spellings,
        ...(body.output_format != null && { responseFormat: 'output_format' }),
      },
    },
  }
  return { request, xrouter: body.xrouter }
}

const formatSchema = z
  .looseObject({ type: z.literal('json_schema'), schema: z.unknown() })
  .nullish()

const limitSchema = z.looseObject({ max_tokens: z.int().min(0) })

const bodySchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.unknown()).min(1),
  max_tokens: z.int().min(0).nullish(),
  system: z.unknown().optional(),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  // Minus one is taken for none.
  top_p: z.number().max(1).nullish(),
  top_k: z.int().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  thinking: z.unknown().optional(),
  output_config: z.looseObject({ format: formatSchema, effort: z.string().nullish() }).nullish(),
  output_format: formatSchema,
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  xrouter: z.unknown().optional(),
})

type Body = z.infer<typeof bodySchema>

const readMembers: ReadonlySet<string> = new Set(Object.keys(bodySchema.shape))
const readConfig: ReadonlySet<string> = new Set(['format', 'effort'])
const readMetadata: ReadonlySet<string> = new Set(['user_id'])

function formatOf(body: Body): { schema: unknown } | undefined {
  return body.output_config?.format ?? body.output_format ?? undefined
}

/** The instructions are the first message of the conversation. */
function decodeSystem(system: unknown): Message[] {
  if (system === undefined || system === null || system === '') return []
  const parts = decodeParts(system, 'system')
  return parts.length === 0 ? [] : [{ role: 'system', parts }]
}

function passthrough(body: Body, headers: RequestHeaders): Passthrough {
  const beta = headers['anthropic-beta']
  const betas = Array.isArray(beta) ? beta.join(',') : beta
  const members: Extra = { ...unread(body, readMembers) }
  for (const [member, read] of [
    ['output_config', readConfig],
    ['metadata', readMetadata],
  ] as const) {
    const given = body[member]
    const rest = isRecord(given) ? unread(given, read) : undefined
    if (rest) members[member] = rest
  }
  return {
    dialect: anthropicMessages,
    members,
    ...(betas !== undefined && { headers: { 'anthropic-beta': betas } }),
  }
}
