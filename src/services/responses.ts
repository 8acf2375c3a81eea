import { and, arrayContains, eq, gt, lte, type SQL } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { responses } from '../db/schema/response.ts'
import { GatewayError } from '../errors.ts'
import { hasScope, type Actor } from '../protocol/actor.ts'

/** What the verbs on stored responses need from outside. */
export interface ResponseDeps {
  db: Database
  /** How long a response is kept. */
  responseRetentionMs: number
}

type Members = Record<string, unknown>

/** A response as it is kept: everything that a later request may build upon. */
export interface StoredResponse {
  id: string
  /** The items before the answer, those of earlier responses included. */
  input: Members[]
  /** The response object with its output. */
  response: Members
}

/** Keeps a response for its actor until it expires. */
export async function saveResponse(
  { db, responseRetentionMs }: ResponseDeps,
  actor: Actor,
  { id, input, response }: StoredResponse,
): Promise<void> {
  const createdAt = new Date()
  await db.insert(responses).values({
    id,
    organizationId: actor.organization,
    actorId: actor.id,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + responseRetentionMs),
    input: JSON.stringify(input),
    response: JSON.stringify(response),
    itemIds: [...input, ...outputOf(response)].flatMap(({ id: item }) =>
      typeof item === 'string' && !item.includes('\0') ? [item] : [],
    ),
  })
}

/** A response of the actor; undefined when there is none, it has expired or it is another actor's. */
export async function findResponse(
  { db }: ResponseDeps,
  actor: Actor,
  id: string,
): Promise<StoredResponse | undefined> {
  requireInference(actor)
  if (id.includes('\0')) return undefined
  const [row] = await db
    .select()
    .from(responses)
    .where(ofActor(actor, eq(responses.id, id)))
  return row && stored(row)
}

/** An item of any of the actor's responses. */
export async function findResponseItem(
  { db }: ResponseDeps,
  actor: Actor,
  id: string,
): Promise<Members | undefined> {
  if (id.includes('\0')) return undefined
  const holds = arrayContains(responses.itemIds, [id])
  const [row] = await db.select().from(responses).where(ofActor(actor, holds)).limit(1)
  if (!row) return undefined
  const { input, response } = stored(row)
  return [...input, ...outputOf(response)].find((item) => item['id'] === id)
}

/** Forgets a response of the actor; false when there is none. */
export async function deleteResponse(
  { db }: ResponseDeps,
  actor: Actor,
  id: string,
): Promise<boolean> {
  requireInference(actor)
  if (id.includes('\0')) return false
  const gone = await db
    .delete(responses)
    .where(ofActor(actor, eq(responses.id, id)))
    .returning({ id: responses.id })
  return gone.length > 0
}

/** Deletes what nobody can see any more. */
export async function deleteExpiredResponses({ db }: Pick<ResponseDeps, 'db'>): Promise<number> {
  const gone = await db
    .delete(responses)
    .where(lte(responses.expiresAt, new Date()))
    .returning({ id: responses.id })
  return gone.length
}

/** The items that a response answers with. */
export function outputOf(response: Members): Members[] {
  const { output } = response
  return Array.isArray(output) ? output : []
}

function ofActor(actor: Actor, condition: SQL): SQL | undefined {
  return and(
    condition,
    eq(responses.organizationId, actor.organization),
    eq(responses.actorId, actor.id),
    gt(responses.expiresAt, new Date()),
  )
}

/** Only `saveResponse` writes these columns, so that what they hold is known. */
function stored(row: typeof responses.$inferSelect): StoredResponse {
  return {
    id: row.id,
    input: JSON.parse(row.input) as Members[],
    response: JSON.parse(row.response) as Members,
  }
}

function requireInference(actor: Actor): void {
  if (hasScope(actor, 'INFERENCE')) return
  throw new GatewayError({
    code: 'PERMISSION_DENIED',
    message: 'This API key may not use responses; it needs the scope INFERENCE.',
  })
}
