import { and, eq } from 'drizzle-orm'
import { apiKeys } from '../db/schema/api-key.ts'
import type { Actor } from '../protocol/actor.ts'
import { keyNotFound } from './api-key-change.ts'
import type { ServiceDeps } from './deps.ts'
import { apiKeyColumns, type ApiKeyRow } from './requests.ts'

/** The actor's own key, which every key may read; null for the master key, of which nothing is stored. */
export async function readOwnKey(
  { db }: Pick<ServiceDeps, 'db'>,
  actor: Actor,
): Promise<ApiKeyRow | null> {
  if (actor.kind === 'system') return null
  const own = and(eq(apiKeys.id, actor.id), eq(apiKeys.organizationId, actor.organization))
  const [key] = await db.select(apiKeyColumns).from(apiKeys).where(own)
  if (!key) throw keyNotFound()
  return key
}
