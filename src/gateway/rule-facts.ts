import type { Actor } from '../protocol/actor.ts'
import type { ChatRequest, ContentPart } from '../protocol/request.ts'
import type { RuleFacts } from '../protocol/rule.ts'
import type { Call } from './call.ts'

/** Headers that prove who somebody is: no rule sees them. */
const credentialHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
])

/** Longer values are cut: a pattern over them would take its time. */
const headerCharsMax = 1_000

export interface RequestEstimate {
  inputTokens: number
  outputTokens: number
}

/** The facts of a completion. */
export function chatFacts(
  request: ChatRequest,
  call: Call,
  { estimate, now }: { estimate: RequestEstimate; now: Date },
): RuleFacts {
  const parts = request.messages.flatMap((message) => message.parts)
  const many = (type: ContentPart['type']): bigint =>
    BigInt(parts.filter((part) => part.type === type).length)
  return {
    ...callFacts(call, { estimate, now }),
    request: {
      model: request.model,
      operation: 'chat',
      door: call.door,
      stream: request.stream,
      messages: BigInt(request.messages.length),
      images: many('image'),
      files: many('file'),
      tools: (request.tools ?? []).map((tool) => ('name' in tool ? tool.name : tool.type)),
      json_schema: request.responseFormat?.type === 'json_schema',
      reasoning_effort: request.reasoningEffort ?? '',
      max_tokens: BigInt(request.maxTokens ?? 0),
      choices: BigInt(request.choices ?? 1),
      user: request.endUserId ?? '',
    },
  }
}

/** What is known of every kind of request. */
function callFacts(
  { actor, tags = {}, headers = {} }: Call,
  { estimate, now }: { estimate: RequestEstimate; now: Date },
): Omit<RuleFacts, 'request'> {
  return {
    key: keyFacts(actor),
    organization: actor.organization,
    tags,
    headers: visibleHeaders(headers),
    estimate: {
      input_tokens: BigInt(estimate.inputTokens),
      output_tokens: BigInt(estimate.outputTokens),
    },
    now,
  }
}

function keyFacts(actor: Actor): RuleFacts['key'] {
  const { kind, id, tier } = actor
  const tags = (kind === 'api-key' && actor.tags) || {}
  return { kind, id, tier, scopes: [...actor.scopes], tags }
}

function visibleHeaders(headers: NonNullable<Call['headers']>): Record<string, string> {
  const visible: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || credentialHeaders.has(name)) continue
    visible[name] = String(value).slice(0, headerCharsMax)
  }
  return visible
}
