import { and, asc, desc, eq, inArray, lt, lte, or } from 'drizzle-orm'
import { apiKeys } from '../db/schema/api-key.ts'
import { attempts } from '../db/schema/attempt.ts'
import { requests } from '../db/schema/request.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from './deps.ts'
import { timesOf } from './log-place.ts'
import { requireScope } from './permission.ts'

const whatIsRead = 'read the request log'

export type RequestRow = typeof requests.$inferSelect
export type AttemptRow = typeof attempts.$inferSelect

export interface RequestFilter {
  model?: string | undefined
  provider?: string | undefined
  status?: RequestRow['status'] | undefined
}

/** The place of a row in the log: its time in milliseconds and its id. */
export interface RequestPosition {
  createdAtMs: number
  id: string
}

/** A page of the actor's organisation's log, newest first: at most `limit` rows after `after`. */
export async function listRequests(
  deps: ServiceDeps,
  actor: Actor,
  page: { limit: number; after?: RequestPosition | undefined; filter: RequestFilter },
): Promise<RequestRow[]> {
  requireScope(actor, 'READ', whatIsRead)
  const { filter, after } = page
  if ([filter.model, filter.provider, after?.id].some(isImpossible)) return []
  await deps.ledger.flush()
  const conditions = [eq(requests.organizationId, actor.organization)]
  if (filter.model !== undefined) conditions.push(eq(requests.model, filter.model))
  if (filter.provider !== undefined) conditions.push(eq(requests.provider, filter.provider))
  if (filter.status !== undefined) conditions.push(eq(requests.status, filter.status))
  if (after) {
    const time = new Date(after.createdAtMs)
    const later = or(
      lt(requests.createdAt, time),
      and(eq(requests.createdAt, time), lt(requests.id, after.id)),
    )
    // The first says nothing new, but no partition after the place is looked into for it.
    conditions.push(lte(requests.createdAt, time))
    if (later) conditions.push(later)
  }
  return deps.db
    .select()
    .from(requests)
    .where(and(...conditions))
    .orderBy(desc(requests.createdAt), desc(requests.id))
    .limit(page.limit)
}

/** The requests of the actor's organisation with these ids, in their order. */
export async function requestsById(
  deps: ServiceDeps,
  actor: Actor,
  ids: readonly string[],
): Promise<(RequestRow | null)[]> {
  requireScope(actor, 'READ', whatIsRead)
  const possible = ids.filter((id) => !isImpossible(id))
  if (possible.length === 0) return ids.map(() => null)
  await deps.ledger.flush()
  const rows = await deps.db
    .select()
    .from(requests)
    .where(
      and(
        inArray(requests.id, possible),
        timesOf(requests.createdAt, possible),
        eq(requests.organizationId, actor.organization),
      ),
    )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}

/** The attempts of several requests of the actor's organisation, in the order of `requestIds`. */
export async function attemptsOfRequests(
  deps: ServiceDeps,
  actor: Actor,
  requestIds: readonly string[],
): Promise<AttemptRow[][]> {
  requireScope(actor, 'READ', whatIsRead)
  const rows = await deps.db
    .select({ attempt: attempts })
    .from(attempts)
    .innerJoin(
      requests,
      and(eq(requests.id, attempts.requestId), eq(requests.createdAt, attempts.createdAt)),
    )
    .where(
      and(
        inArray(attempts.requestId, [...requestIds]),
        timesOf(attempts.createdAt, requestIds),
        timesOf(requests.createdAt, requestIds),
        eq(requests.organizationId, actor.organization),
      ),
    )
    .orderBy(asc(attempts.requestId), asc(attempts.number))
  const byRequest = Map.groupBy(
    rows.map((row) => row.attempt),
    (attempt) => attempt.requestId,
  )
  return requestIds.map((id) => byRequest.get(id) ?? [])
}

/** An API key as everyone may see it: never its hashes. */
export type ApiKeyRow = Omit<typeof apiKeys.$inferSelect, 'hash' | 'previousHash'>

/** The API keys of the actor's organisation with these ids, in their order. */
export async function apiKeysById(
  deps: ServiceDeps,
  actor: Actor,
  ids: readonly string[],
): Promise<(ApiKeyRow | null)[]> {
  requireScope(actor, 'READ', whatIsRead)
  const rows = await deps.db
    .select(apiKeyColumns)
    .from(apiKeys)
    .where(and(inArray(apiKeys.id, [...ids]), eq(apiKeys.organizationId, actor.organization)))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id) ?? null)
}

/** Every column of a key but the hashes. */
export const apiKeyColumns = {
  id: apiKeys.id,
  organizationId: apiKeys.organizationId,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  tier: apiKeys.tier,
  scopes: apiKeys.scopes,
  models: apiKeys.models,
  allowedIps: apiKeys.allowedIps,
  tags: apiKeys.tags,
  metadata: apiKeys.metadata,
  createdAt: apiKeys.createdAt,
  lastUsedAt: apiKeys.lastUsedAt,
  expiresAt: apiKeys.expiresAt,
  revokedAt: apiKeys.revokedAt,
  disabledAt: apiKeys.disabledAt,
  previousExpiresAt: apiKeys.previousExpiresAt,
}

/** Postgres has no text with a NUL in it and would answer with an error. */
export function isImpossible(text: string | undefined): boolean {
  return text?.includes('\0') ?? false
}
