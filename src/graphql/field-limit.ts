import { randomUUID } from 'node:crypto'
import type { GraphQLResolveInfo } from 'graphql'
import { getGraphQLRateLimiter, Store, type Identity } from 'graphql-rate-limit'
import { LRUCache } from 'lru-cache'
import { GatewayError } from '../errors.ts'
import type { LimitEngine } from '../gateway/limits/engine.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { GraphqlContext } from './context.ts'
import type { RateLimitRule } from './rate-limit-option.ts'

interface Call {
  parent: unknown
  args: Record<string, unknown>
  context: GraphqlContext
  info: GraphQLResolveInfo
}

/** What counts: over all instances, and in this process alone while Redis is away. */
type Counting = Pick<LimitEngine, 'reserve'>

/** Throws RATE_LIMIT_EXCEEDED, with how long to wait, for a call that is one too many. */
export type FieldGuard = (call: Call) => Promise<void>

/** The guard of a field, the same for all servers of the schema: each counts with its own limiter. */
export function createFieldGuard(field: string, rule: RateLimitRule): FieldGuard {
  const { max, windowMs, identityArgs = [] } = rule
  if (!(Number.isInteger(max) && max > 0 && windowMs > 0)) {
    throw new Error(`${field}: \`rateLimit\` needs a \`max\` and a \`windowMs\` above 0`)
  }
  const known = new WeakMap<Counting, FieldGuard>()
  return (call) => {
    const limiter = call.context.gateway.limits.engine
    let guard = known.get(limiter)
    if (!guard)
      known.set(limiter, (guard = guardOver(limiter, { field, max, windowMs, identityArgs })))
    return guard(call)
  }
}

interface Rule {
  field: string
  max: number
  windowMs: number
  identityArgs: readonly string[]
}

function guardOver(limiter: Counting, { field, max, windowMs, identityArgs }: Rule): FieldGuard {
  const store = new ReservingStore(limiter, { max, windowMs })
  const limited = getGraphQLRateLimiter({ identifyContext, store })
  return async ({ parent, args, context, info }) => {
    // In canonical JSON: joined with a colon, as the library does it, `a:b` and `c` are `a` and `b:c`.
    const told = canonicalJson(identityArgs.map((name) => args[name] ?? null))
    const fieldName = identityArgs.length === 0 ? field : `${field}:${told}`
    const call = { parent, args, context, info: { ...info, fieldName } }
    const refused = await limited(call, { max, window: `${windowMs}ms` })
    if (refused === undefined) return
    const identity = { contextIdentity: identifyContext(context), fieldIdentity: fieldName }
    throw new GatewayError({
      code: 'RATE_LIMIT_EXCEEDED',
      message: `\`${field}\` may be asked for ${max} times in ${windowMs / 1000} seconds by one key.`,
      retryAfterMs: store.waitOf(identity) ?? windowMs,
    })
  }
}

/** Never empty: without an identity all callers would share one. */
function identifyContext({ actor }: GraphqlContext): string {
  return `{${actor.organization}}:${actor.id}`
}

const waitsMax = 10_000

/**
 * The library reads how often a caller came, and writes it back later; what came between is lost. Here the
 * read takes the caller's turn in one atomic step, and the write does nothing.
 */
class ReservingStore extends Store {
  readonly #limiter: Counting
  readonly #max: number
  readonly #windowMs: number
  /** How long callers must wait that were refused last. */
  readonly #waits = new LRUCache<string, number>({ max: waitsMax })

  constructor(limiter: Counting, { max, windowMs }: { max: number; windowMs: number }) {
    super()
    this.#limiter = limiter
    this.#max = max
    this.#windowMs = windowMs
  }

  override async getForIdentity(identity: Identity): Promise<number[]> {
    const key = keyOf(identity)
    const { contextIdentity: name } = identity
    const [limit, periodMs] = [this.#max, this.#windowMs]
    const meter = { kind: 'requests', scope: 'key', name, key, limit, periodMs, cost: 1 } as const
    const ask = { id: randomUUID(), meters: [meter], options: [[]] }
    const { outcome } = await this.#limiter.reserve(ask)
    if (outcome.status !== 'refused') return []
    this.#waits.set(key, outcome.readings[0]?.waitMs ?? periodMs)
    return Array.from({ length: limit }, () => Date.now())
  }

  override setForIdentity(): void {}

  waitOf(identity: Identity): number | undefined {
    return this.#waits.get(keyOf(identity))
  }
}

function keyOf({ contextIdentity, fieldIdentity }: Identity): string {
  return `field:${contextIdentity}:${fieldIdentity}`
}
