import type { Actor } from '../protocol/actor.ts'
import type { EmbeddingRequest } from '../protocol/embedding.ts'
import type { ChatRequest, ContentPart } from '../protocol/request.ts'
import type { TokenEstimate } from '../protocol/routing.ts'
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

type Caller = Pick<Call, 'actor' | 'door' | 'headers' | 'tags' | 'user'>

interface Moment {
  estimate: TokenEstimate
  now: Date
}

/** The facts of a completion. */
export function chatFacts(request: ChatRequest, caller: Caller, moment: Moment): RuleFacts {
  const parts = request.messages.flatMap((message) => message.parts)
  const many = (type: ContentPart['type']): bigint =>
    BigInt(parts.filter((part) => part.type === type).length)
  return {
    ...callerFacts(caller, moment),
    request: {
      model: request.model,
      operation: 'chat',
      door: caller.door,
      stream: request.stream,
      messages: BigInt(request.messages.length),
      images: many('image'),
      files: many('file'),
      tools: (request.tools ?? []).map((tool) => ('name' in tool ? tool.name : tool.type)),
      json_schema: request.responseFormat?.type === 'json_schema',
      reasoning_effort: request.reasoningEffort ?? '',
      max_tokens: BigInt(request.maxTokens ?? 0),
      choices: BigInt(request.choices ?? 1),
      user: caller.user ?? '',
    },
  }
}

/** The facts of texts of which vectors are to be made. */
export function embeddingFacts(
  { model, inputs }: EmbeddingRequest,
  caller: Caller,
  moment: Moment,
): RuleFacts {
  return {
    ...callerFacts(caller, moment),
    request: {
      model,
      operation: 'embedding',
      door: caller.door,
      stream: false,
      messages: BigInt(inputs.length),
      images: 0n,
      files: 0n,
      tools: [],
      json_schema: false,
      reasoning_effort: '',
      max_tokens: 0n,
      choices: 1n,
      user: caller.user ?? '',
    },
  }
}

/** What is known of every kind of request. */
function callerFacts(
  { actor, tags = {}, headers = {} }: Caller,
  { estimate, now }: Moment,
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
