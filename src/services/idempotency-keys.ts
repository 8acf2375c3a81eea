import { and, eq, isNull, lte, sql } from 'drizzle-orm'
import { idempotencyKeys } from '../db/schema/idempotency-key.ts'
import type { ServiceDeps } from './deps.ts'

/** A request that came with an `Idempotency-Key`. */
export interface IdempotentRequest {
  organizationId: string
  actorId: string
  key: string
  /** Of its route and body. */
  fingerprint: string
  /** Its `x-request-id`. */
  requestId: string
}

/** How a request was answered. */
export interface StoredAnswer {
  status: number
  headers: Record<string, string>
  /** Null where it was too large to be kept. */
  body: Buffer | null
}

/** What is to be done with a request: run it, wait for the one that runs, refuse it, or answer as before. */
export type Claim =
  | { kind: 'run' }
  | { kind: 'running' }
  | { kind: 'other-request' }
  | { kind: 'answered'; answer: StoredAnswer }

type Deps = Pick<ServiceDeps, 'db'>

/** How long a request counts as running after its process was last heard of. */
const leaseSeconds = 60
const keptSeconds = 86_400
const claimsMax = 3

/** Takes the key for this request, unless another one has it: of several at once exactly one does. */
export async function claimIdempotencyKey(
  { db }: Deps,
  request: IdempotentRequest,
): Promise<Claim> {
  const { fingerprint, requestId } = request
  const ended = { status: null, headers: null, body: null }
  for (let claims = 0; claims < claimsMax; claims += 1) {
    const [mine] = await db
      .insert(idempotencyKeys)
      .values({ ...request, expiresAt: inSeconds(leaseSeconds) })
      .onConflictDoUpdate({
        target: [idempotencyKeys.organizationId, idempotencyKeys.actorId, idempotencyKeys.key],
        set: { fingerprint, requestId, expiresAt: inSeconds(leaseSeconds), ...ended },
        setWhere: lte(idempotencyKeys.expiresAt, sql`now()`),
      })
      .returning({ requestId: idempotencyKeys.requestId })
    if (mine) return { kind: 'run' }
    const [row] = await db.select().from(idempotencyKeys).where(rowOf(request))
    if (row) return claimOf(row, fingerprint)
    // It was let go between the two statements.
  }
  return { kind: 'running' }
}

/** Says that the request still runs here. */
export async function renewIdempotencyKey({ db }: Deps, request: IdempotentRequest): Promise<void> {
  await db
    .update(idempotencyKeys)
    .set({ expiresAt: inSeconds(leaseSeconds) })
    .where(and(rowOf(request), stillRunning(request)))
}

/** Keeps the answer for repetitions, for a day. */
export async function keepIdempotentAnswer(
  { db }: Deps,
  request: IdempotentRequest,
  answer: StoredAnswer,
): Promise<void> {
  await db
    .update(idempotencyKeys)
    .set({ ...answer, expiresAt: inSeconds(keptSeconds) })
    .where(and(rowOf(request), stillRunning(request)))
}

/** Lets the key go: the next request with it runs. */
export async function releaseIdempotencyKey(
  { db }: Deps,
  request: IdempotentRequest,
): Promise<void> {
  await db.delete(idempotencyKeys).where(and(rowOf(request), stillRunning(request)))
}

/** Throws away what is over. */
export async function sweepIdempotencyKeys({ db }: Deps): Promise<void> {
  await db.delete(idempotencyKeys).where(lte(idempotencyKeys.expiresAt, sql`now()`))
}

/** By the clock of the database: those of several instances differ. */
function inSeconds(seconds: number) {
  return sql`now() + make_interval(secs => ${seconds})`
}

function rowOf({ organizationId, actorId, key }: IdempotentRequest) {
  return and(
    eq(idempotencyKeys.organizationId, organizationId),
    eq(idempotencyKeys.actorId, actorId),
    eq(idempotencyKeys.key, key),
  )
}

/** A request that was believed dead may have lost its key to another. */
function stillRunning({ requestId }: IdempotentRequest) {
  return and(eq(idempotencyKeys.requestId, requestId), isNull(idempotencyKeys.status))
}

function claimOf(row: typeof idempotencyKeys.$inferSelect, fingerprint: string): Claim {
  const { status, headers, body } = row
  if (row.fingerprint !== fingerprint) return { kind: 'other-request' }
  if (status === null) return { kind: 'running' }
  return { kind: 'answered', answer: { status, headers: headers ?? {}, body } }
}
