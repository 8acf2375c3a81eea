import { errorTable, type GatewayError } from '../../errors.ts'
import type { AnswerContext } from '../../protocol/chat-door.ts'
import type { FinishReason } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import type { ChatResponse } from '../../protocol/response.ts'
import { isRecord } from '../narrow.ts'
import { answerEvents } from './answer-events.ts'
import { openaiResponses } from './dialect.ts'
import { Output, type OutputOptions } from './output.ts'
import { encodeUsage } from './usage.ts'

/** What a response tells of its request beside the answer. */
export interface Asked {
  /** The body of the request. */
  body: Extra
  store: boolean
  /** When the answer was complete, in Unix seconds; noted once, so that it is told and stored alike. */
  completedAt?: number
}

/** A whole answer: the response object with all of its output. */
export function encodeResponse(
  asked: Asked,
  response: ChatResponse,
  context: AnswerContext,
): Extra {
  const output = new Output({ itemId: itemIds(context), emit: () => {} })
  for (const event of answerEvents(response)) output.add(event)
  const status = statusOf(response.choices[0]?.finishReason)
  output.finish(status)
  return completeResponse(asked, context, { response, output })
}

/** The response object of an answer that has ended well. */
export function completeResponse(
  asked: Asked,
  context: AnswerContext,
  { response, output }: { response: ChatResponse; output: Output },
): Extra {
  const { extra, settlement, usage = settlement?.usage } = response
  const finish = response.choices[0]?.finishReason
  const status = statusOf(finish)
  const { warnings } = response
  if (status === 'completed') asked.completedAt ??= Math.floor(Date.now() / 1000)
  return {
    ...openResponse(asked, context),
    ...(extra?.dialect === openaiResponses && extra.members),
    status,
    completed_at: asked.completedAt ?? null,
    incomplete_details: status === 'completed' ? null : { reason: incompleteReason(finish) },
    output: output.items,
    usage: usage ? encodeUsage(usage) : null,
    ...(warnings.length > 0 && { xrouter: { warnings } }),
  }
}

/** The response object of an answer that failed on its way. */
export function failedResponse(
  asked: Asked,
  context: AnswerContext,
  { error, output }: { error: GatewayError; output: Output },
): Extra {
  const { openaiCode: code } = errorTable[error.code]
  return {
    ...openResponse(asked, context),
    status: 'failed',
    error: { code, message: error.message },
    output: output.items,
  }
}

/** The response object before anything was said; what the request left open stands as OpenAI's defaults. */
export function openResponse({ body, store }: Asked, context: AnswerContext): Extra {
  return {
    id: responseId(context),
    object: 'response',
    created_at: context.created,
    status: 'in_progress',
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: body['max_tool_calls'] ?? null,
    model: context.model,
    output: [],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    prompt_cache_key: body['prompt_cache_key'] ?? null,
    reasoning: { effort: null, summary: null, ...object(body['reasoning']) },
    safety_identifier: body['safety_identifier'] ?? null,
    service_tier: body['service_tier'] ?? 'auto',
    store,
    temperature: body['temperature'] ?? null,
    text: { format: { type: 'text' }, ...object(body['text']) },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: body['top_logprobs'] ?? 0,
    top_p: body['top_p'] ?? null,
    truncation: body['truncation'] ?? 'disabled',
    usage: null,
    user: body['user'] ?? null,
    metadata: body['metadata'] ?? {},
  }
}

/** Ids that a stream and a whole answer of the same request have in common. */
export function itemIds(context: AnswerContext): OutputOptions['itemId'] {
  const suffix = suffixOf(context)
  return (prefix, index) => `${prefix}_${suffix}${index.toString(36).padStart(3, '0')}`
}

export function responseId(context: AnswerContext): string {
  return `resp_${suffixOf(context)}`
}

/** Whether the answer is all that there was to say. */
export function statusOf(finish: FinishReason | undefined): 'completed' | 'incomplete' {
  const cut = finish?.unified === 'length' || finish?.unified === 'content_filter'
  return cut ? 'incomplete' : 'completed'
}

function incompleteReason(finish: FinishReason | undefined): string {
  return finish?.unified === 'content_filter' ? 'content_filter' : 'max_output_tokens'
}

/** The request's id without the word before it. */
function suffixOf({ id }: AnswerContext): string {
  return id.slice(id.indexOf('_') + 1)
}

function object(value: unknown): Extra {
  return isRecord(value) ? value : {}
}
