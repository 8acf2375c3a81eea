import { and, asc, desc, eq, gte, inArray, lt, lte, or } from 'drizzle-orm'
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
  /** Those that arrived at `from` or later and before `to`. */
  from?: Date | undefined
  to?: Date | undefined
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
  page: RequestPage,
): Promise<RequestRow[]> {
  requireScope(actor, 'READ', whatIsRead)
  const { filter, after } = page
  if ([filter.model, filter.provider, after?.id].some(isImpossible)) return []
  await deps.ledger.flush()
  return deps.db
    .select()
    .from(requests)
    .where(onPage(actor, page))
    .orderBy(...newestFirst)
    .limit(page.limit)
}

export interface RequestPage {
  limit: number
  after?: RequestPosition | undefined
  filter: RequestFilter
}

/** The order of the log. */
export const newestFirst = [desc(requests.createdAt), desc(requests.id)]

/** Which rows of the actor's organisation come after `after` and pass the filter. */
export function onPage(actor: Actor, { filter, after }: Omit<RequestPage, 'limit'>) {
  const { from, to, model, provider, status } = filter
  const time = after && new Date(after.createdAtMs)
  return and(
    eq(requests.organizationId, actor.organization),
    from && gte(requests.createdAt, from),
    to && lt(requests.createdAt, to),
    model === undefined ? undefined : eq(requests.model, model),
    provider === undefined ? undefined : eq(requests.provider, provider),
    status === undefined ? undefined : eq(requests.status, status),
    // Says nothing new, but no partition after the place is looked into for it.
    time && lte(requests.createdAt, time),
    after &&
      time &&
      or(
        lt(requests.createdAt, time),
        and(eq(requests.createdAt, time), lt(requests.id, after.id)),
      ),
  )
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
