import { z } from 'zod'
import { decodeResponse, type DecodedResponse } from '../dialects/openai-responses/chat-door.ts'
import { earlierNames } from '../dialects/openai-responses/decode-earlier.ts'
import type { Earlier } from '../dialects/openai-responses/decode-request.ts'
import { GatewayError, invalidRequest } from '../errors.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { Actor } from '../protocol/actor.ts'
import {
  deleteResponse,
  findResponse,
  findResponseItem,
  outputOf,
  type ResponseDeps,
  type StoredResponse,
} from '../services/responses.ts'
import { answerCompletion } from './completion.ts'
import type { Exchange } from './exchange.ts'
import { keepResponse } from './response-keep.ts'

export interface ResponseRoute {
  gateway: GatewayDeps
  responses: ResponseDeps
}

/** `POST /v1/responses`: a completion that may build upon stored ones and be stored itself. */
export async function createResponse(
  { gateway, responses }: ResponseRoute,
  exchange: Exchange,
): Promise<void> {
  const { actor, body } = exchange
  const earlier = await loadEarlier(responses, actor, body)
  const decoded: DecodedResponse = decodeResponse(body, earlier)
  const keep = keepResponse({ gateway, responses, actor, decoded, earlier })
  await answerCompletion({ gateway, decoded, ...(decoded.store && { around: keep }) }, exchange)
}

/** `GET /v1/responses/{id}`. */
export async function retrieveResponse(
  { responses }: ResponseRoute,
  actor: Actor,
  { id, query }: { id: string; query: unknown },
): Promise<unknown> {
  if (streamQuery.safeParse(query).data?.stream === 'true') {
    throw invalidRequest(
      'stream',
      'Only responses that run in the background can be streamed again; this gateway has none.',
    )
  }
  const { response } = await requireResponse(responses, actor, id)
  return response
}

/** `DELETE /v1/responses/{id}`. */
export async function removeResponse(
  { responses }: ResponseRoute,
  actor: Actor,
  id: string,
): Promise<unknown> {
  if (!(await deleteResponse(responses, actor, id))) throw notFound(id)
  return { id, object: 'response', deleted: true }
}

/** `GET /v1/responses/{id}/input_items`: a page, newest first unless asked otherwise. */
export async function listInputItems(
  { responses }: ResponseRoute,
  actor: Actor,
  { id, query }: { id: string; query: unknown },
): Promise<unknown> {
  const page = pageQuery.safeParse(query)
  if (!page.success) {
    const [issue] = page.error.issues
    const path = String(issue?.path[0] ?? 'query')
    throw invalidRequest(path, `Invalid '${path}': ${issue?.message ?? 'not valid'}.`)
  }
  const { limit, order, after } = page.data
  const { input } = await requireResponse(responses, actor, id)
  const items = order === 'asc' ? input : input.toReversed()
  const start = after === undefined ? 0 : items.findIndex((item) => item['id'] === after) + 1
  const data = items.slice(start, start + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: start + limit < items.length,
  }
}

const streamQuery = z.looseObject({ stream: z.string().optional() })
const pageQuery = z.looseObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: z.string().optional(),
})

/** What the body names of stored responses: a conversation, and single items. */
async function loadEarlier(deps: ResponseDeps, actor: Actor, body: unknown): Promise<Earlier> {
  const { previousId, itemIds } = earlierNames(body)
  const previous =
    previousId === undefined ? undefined : await findResponse(deps, actor, previousId)
  if (previousId !== undefined && !previous) {
    throw notFound(previousId, 'previous_response_id')
  }
  const items = new Map<string, unknown>()
  for (const id of itemIds) items.set(id, await findResponseItem(deps, actor, id))
  return {
    items: previous ? [...previous.input, ...outputOf(previous.response)] : [],
    itemOf: (id) => items.get(id),
  }
}

async function requireResponse(
  deps: ResponseDeps,
  actor: Actor,
  id: string,
): Promise<StoredResponse> {
  const found = await findResponse(deps, actor, id)
  if (found) return found
  throw notFound(id)
}

function notFound(id: string, path?: string): GatewayError {
  const named = path ? 'Previous response' : 'Response'
  return new GatewayError({
    code: 'NOT_FOUND',
    message: `${named} with id '${id.slice(0, 100)}' not found.`,
    path,
  })
}
