import { sql } from 'drizzle-orm'
import { apiKeys } from '../db/schema/api-key.ts'
import { GatewayError, invalidRequest } from '../errors.ts'
import { apiKeyPrefix, newApiKey } from '../lib/api-key-format.ts'
import type { Actor } from '../protocol/actor.ts'
import { keyNotFound, requireNotRevoked } from './api-key-change.ts'
import { requireHeld } from './api-key-grant.ts'
import { changedKeysChannel, oursWithId, type ApiKeyDeps } from './api-keys.ts'
import { writeAudit } from './audit.ts'
import { requireScope } from './permission.ts'
import { apiKeyColumns, type ApiKeyRow } from './requests.ts'

/** The longest time for which two secrets of a key work. */
export const overlapSecondsMax = 30 * 86_400

/**
 * Gives a key of the actor's organisation another secret, on every instance at once. The one before works
 * on for `overlapSeconds`; one that was before that ends now.
 */
export async function rotateApiKey(
  deps: ApiKeyDeps,
  actor: Actor,
  { id, overlapSeconds }: { id: string; overlapSeconds: number },
): Promise<{ apiKey: ApiKeyRow; secret: string }> {
  requireScope(actor, 'MANAGE', 'manage API keys')
  checkOverlap(overlapSeconds)
  const ours = oursWithId(actor, id)
  const rotated = await deps.db.transaction(async (tx) => {
    const [before] = await tx.select(apiKeyColumns).from(apiKeys).where(ours).for('update')
    if (!before) throw keyNotFound()
    requireNotRevoked(before)
    requireNotExpired(before)
    requireHeld(actor, before) // who sees the secret may do all that the key may
    const secret = newApiKey(before.tier)
    const previousExpiresAt = new Date(Date.now() + overlapSeconds * 1000)
    const [apiKey] = await tx
      .update(apiKeys)
      .set({
        previousHash: sql`${apiKeys.hash}`,
        previousExpiresAt,
        hash: deps.hashApiKey(secret),
        prefix: apiKeyPrefix(secret),
      })
      .where(ours)
      .returning(apiKeyColumns)
    if (!apiKey) throw new Error('a key that was locked is not there')
    await writeAudit(tx, actor, {
      action: 'api-key.rotate',
      entity: { kind: 'api-key', id },
      detail: { overlapSeconds, previousExpiresAt },
    })
    return { apiKey, secret }
  })
  await deps.bus.publish(changedKeysChannel, id)
  return rotated
}

function checkOverlap(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= overlapSecondsMax) return
  throw invalidRequest(
    'overlapSeconds',
    `\`overlapSeconds\` must be a whole number from 0 to ${overlapSecondsMax} (30 days).`,
  )
}

function requireNotExpired({ expiresAt }: ApiKeyRow): void {
  if (!expiresAt || expiresAt.getTime() > Date.now()) return
  const message =
    'This API key has expired; another secret would not work. Give it a new end first.'
  throw new GatewayError({ code: 'CONFLICT', message })
}
