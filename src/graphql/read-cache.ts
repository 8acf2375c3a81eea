import { hash } from 'node:crypto'
import { useResponseCache, type Cache } from '@envelop/response-cache'
import { TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type GraphQLSchema } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import type { CacheStore } from '../gateway/cache-store.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import { reasonOf } from '../lib/reason.ts'
import { sparing } from '../lib/sparing.ts'
import type { Actor } from '../protocol/actor.ts'
import { cacheTimes } from './cache-option.ts'
import type { GraphqlContext } from './context.ts'

/** Answers of reads that were given lately, and how to have them forgotten. */
export interface ReadCache {
  store: CacheStore
  logger: Logger
}

/** All answers are of one owner to the store: their keys say whose they are. */
const owner = 'graphql-reads'
const logEveryMs = 10_000

/** Types whose values are secret, live or about the caller: no answer that has one of them is kept. */
export const neverKept = ['ApiKey', 'ProviderHealth', 'Viewer'] as const

/** Forgets what was answered to a key, on its change, or whatever has values of a type. */
export async function forgetReads(
  { store }: ReadCache,
  what: { actorId: string } | { typename: string },
): Promise<void> {
  await store.invalidate(owner, 'actorId' in what ? ofActor(what.actorId) : ofType(what.typename))
}

/** Keeps answers of queries whose fields all say for how long; with no cache there is nothing to do. */
export function useReadCache(
  cache: ReadCache | undefined,
  schema: GraphQLSchema,
): Plugin<GraphqlContext> {
  if (!cache) return {}
  const times = cacheTimes(schema)
  const kept = useResponseCache<GraphqlContext>({
    cache: envelopCache(cache),
    session: ({ actor }) => sessionOf(actor),
    ttl: 0,
    ttlPerSchemaCoordinate: {
      ...times,
      ...Object.fromEntries(neverKept.map((name) => [name, 0])),
    },
    // The services say what changed.
    invalidateViaMutation: false,
    shouldCacheResult: ({ result }) => !result.errors?.length,
    includeExtensionMetadata: false,
    buildResponseCacheKey: async ({ sessionId: session, ...operation }) => {
      const sessionId = session ?? ''
      const { documentString, operationName, variableValues } = operation
      const said = [sessionId, documentString, operationName ?? null, variableValues ?? {}]
      return `${actorOf(sessionId)} ${hash('sha256', canonicalJson(said), 'base64url')}`
    },
  })
  const mayKeep = memoized((document) => isKeepable(document, { schema, times }))
  return {
    onSchemaChange: (event) => kept.onSchemaChange?.(event),
    onExecute: (event) => {
      const { document, contextValue } = event.args
      if (!mayKeep(document) || wantsFresh(contextValue)) return undefined
      return kept.onExecute?.(event)
    },
  }
}

/** Everything that resolvers look at: a key that was changed is another session. */
export function sessionOf(actor: Actor): string {
  const { organization, kind, id, tier, models } = actor
  const scopes = [...actor.scopes].toSorted((one, other) => (one < other ? -1 : 1))
  const tags = actor.kind === 'api-key' ? (actor.tags ?? null) : null
  return `${id} ${JSON.stringify([organization, kind, tier, scopes, models, tags])}`
}

/** The id before the first space, which ids do not have. */
function actorOf(named: string): string {
  return named.slice(0, named.indexOf(' '))
}

/** A client may ask for what is true now; browsers say so of each WebSocket that they open, and mean nothing by it. */
function wantsFresh({ headers }: GraphqlContext): boolean {
  const said = headers['cache-control']
  return said !== undefined && headers.upgrade === undefined && /\bno-(cache|store)\b/i.test(said)
}

/** Whether a document consists of queries, and each of its root fields may be kept for a while. */
function isKeepable(
  document: DocumentNode,
  { schema, times }: { schema: GraphQLSchema; times: Record<string, number> },
): boolean {
  const info = new TypeInfo(schema)
  let keepable = true
  visit(
    document,
    visitWithTypeInfo(info, {
      OperationDefinition: ({ operation }) => {
        if (operation !== 'query') keepable = false
      },
      Field: ({ name }) => {
        const parent = info.getParentType()?.name ?? ''
        const time = times[`${parent}.${name.value}`]
        // What the schema's map does not know at the root is `__schema` and the like.
        const unknown = time === undefined && parent === schema.getQueryType()?.name
        if (time === 0 || (unknown && name.value !== '__typename')) keepable = false
      },
    }),
  )
  return keepable
}

function memoized(decide: (document: DocumentNode) => boolean): typeof decide {
  const known = new WeakMap<DocumentNode, boolean>()
  return (document) => {
    const before = known.get(document)
    if (before !== undefined) return before
    const decided = decide(document)
    known.set(document, decided)
    return decided
  }
}

/** The store in the form that the plugin takes; a store that is away keeps nothing and gives nothing. */
function envelopCache({ store, logger }: ReadCache): Cache {
  /** When the answers were begun that are under way: what is invalidated meanwhile is not kept. */
  const begun = new LRUCache<string, number>({ max: 10_000 })
  const complain = sparing(logEveryMs, (reason: string) =>
    logger.warn({ reason }, 'the cache of reads is away; they are answered without it'),
  )
  return {
    get: async (key) => {
      try {
        const { text, asOf } = await store.find({ organization: owner, digest: key })
        begun.set(key, asOf)
        return text === undefined ? undefined : resultOf(text)
      } catch (error) {
        complain(reasonOf(error))
        begun.delete(key)
        return undefined
      }
    },
    set: async (key, result, entities, ttlMs) => {
      const asOf = begun.get(key)
      if (asOf === undefined || !Number.isFinite(ttlMs)) return
      const types = new Set([...entities].map(({ typename }) => ofType(typename)))
      const labels = [ofActor(actorOf(key)), ...types]
      try {
        const text = JSON.stringify(result)
        await store.put({ organization: owner, digest: key }, { text, ttlMs, labels, asOf })
      } catch (error) {
        complain(reasonOf(error))
      }
    },
    invalidate: async (entities) => {
      for (const { typename } of entities) await store.invalidate(owner, ofType(typename))
    },
  }
}

function ofActor(id: string): string {
  return `actor:${id}`
}

function ofType(typename: string): string {
  return `type:${typename}`
}

/** Our own text of a result that was whole. */
function resultOf(text: string): Awaited<ReturnType<Cache['get']>> {
  return JSON.parse(text) as Awaited<ReturnType<Cache['get']>>
}
