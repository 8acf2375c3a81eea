import type { Database } from '../db/client.ts'
import { auditLog } from '../db/schema/audit-log.ts'
import { newId } from '../lib/id.ts'
import type { Actor } from '../protocol/actor.ts'

export interface AuditEntry {
  /** As `api-key.create`. */
  action: string
  entity: { kind: string; id: string }
  /** What was changed; never a secret. */
  detail?: Record<string, unknown>
}

/** Notes what an actor did; belongs into the transaction that does it. */
export async function writeAudit(
  db: Pick<Database, 'insert'>,
  actor: Actor,
  { action, entity, detail }: AuditEntry,
): Promise<void> {
  await db.insert(auditLog).values({
    id: newId('audit'),
    organizationId: actor.organization,
    actorKind: actor.kind,
    actorId: actor.id,
    action,
    entityKind: entity.kind,
    entityId: entity.id,
    detail: detail ?? null,
  })
}
