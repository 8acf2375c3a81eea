import { responseId } from '../dialects/openai-responses/encode-response.ts'
import type { DecodedResponse } from '../dialects/openai-responses/chat-door.ts'
import type { Earlier } from '../dialects/openai-responses/decode-request.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { reasonOf } from '../lib/reason.ts'
import type { Actor } from '../protocol/actor.ts'
import type { AnswerContext } from '../protocol/chat-door.ts'
import { createCollector } from '../protocol/collect.ts'
import type { ChatEvent } from '../protocol/event.ts'
import { saveResponse, type ResponseDeps } from '../services/responses.ts'
import type { Around } from './completion.ts'
import { fullItems } from './response-items.ts'

/** A client does not wait longer than this for its response to be kept. */
const saveMsMax = 5_000

export interface Keeping {
  gateway: Pick<GatewayDeps, 'logger'>
  responses: ResponseDeps
  actor: Actor
  decoded: DecodedResponse
  earlier: Earlier
}

/** Keeps the response before its end is told, so that the client can build upon it at once; says so where that fails. */
export function keepResponse(keeping: Keeping): Around {
  return async function* (lists, context) {
    const collector = createCollector()
    for await (const ready of lists) {
      for (const event of ready) {
        if (event.type === 'end') yield await kept(keeping, { event, context, collector })
        else if (event.type !== 'error') collector.add(event)
      }
      yield ready
    }
  }
}

interface Ending {
  event: ChatEvent & { type: 'end' }
  context: Omit<AnswerContext, 'model'>
  collector: ReturnType<typeof createCollector>
}

async function kept(keeping: Keeping, { event, context, collector }: Ending): Promise<ChatEvent[]> {
  const { gateway, responses, actor, decoded, earlier } = keeping
  const answer = { ...context, model: event.settlement.model ?? '' }
  const response = object(decoded.encodeResponse(collector.response(), answer))
  const id = responseId(answer)
  const input = fullItems([...earlier.items, ...resolved(decoded.items, earlier)], id)
  try {
    await within(saveMsMax, saveResponse(responses, actor, { id, input, response }))
    return []
  } catch (error) {
    gateway.logger.error(
      { requestId: context.id, reason: reasonOf(error) },
      'a response could not be stored',
    )
    decoded.forget()
    return [
      {
        type: 'warning',
        message: 'The response could not be stored: it cannot be a `previous_response_id`.',
      },
    ]
  }
}

/** Kept is what a reference stands for. */
function resolved(items: readonly unknown[], { itemOf }: Earlier): unknown[] {
  return items.map((item) => {
    const { type, id } = object(item)
    return type === 'item_reference' ? itemOf(String(id)) : item
  })
}

/** The dialect makes and has read nothing but objects here. */
function object(value: unknown): Record<string, unknown> {
  return value as Record<string, unknown>
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`the database did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
