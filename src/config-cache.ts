import { z } from 'zod'
import { finishReasons } from './protocol/event.ts'

const cacheMode = z.enum(['on', 'on_request', 'off'])
const bytes = (most: number) => z.number().int().min(1024).max(most)
const seconds = z.number().min(1).max(31_536_000)

/** The table `[cache]`. */
export const cacheSchema = z.strictObject({
  /** Whether answers are kept at all. */
  enabled: z.boolean().default(false),
  /** Which requests look for kept answers, for organisations that are not listed. */
  mode: cacheMode.default('on'),
  /** The same by the id of an organisation. */
  organizations: z.record(z.string().min(1), cacheMode).default({}),
  /** Who shares answers: all keys of an organisation, or each key has its own. */
  owner: z.enum(['organization', 'key']).default('organization'),
  /** `auto`: in Redis where there is one. */
  store: z.enum(['auto', 'memory']).default('auto'),
  ttl_seconds: seconds.default(3_600),
  ttl_max_seconds: seconds.default(604_800),
  entry_bytes_max: bytes(64 * 1024 ** 2).default(256 * 1024),
  total_bytes_max: bytes(1024 ** 4).default(64 * 1024 ** 2),
  /** Whether requests with tools are cached without asking for it. */
  tools: z.boolean().default(false),
  /** How an answer must have ended to be kept. */
  finish_reasons: z.array(z.enum(finishReasons)).min(1).default(['stop', 'length', 'tool_calls']),
  /** With another word no older answer is found; the same for single models. */
  revision: z.string().max(100).default(''),
  revisions: z.record(z.string().regex(/^[^/]+\/.+$/), z.string().max(100)).default({}),
  /** Members of a request that do not change its answer, as `passthrough.members.trace_id`. */
  ignored_paths: z.array(z.string().min(1)).default([]),
  /** How long a request waits for the answer to an equal one that is being made. */
  wait_ms: z.number().int().min(1).max(86_400_000).default(60_000),
})

/** The same in our own names; undefined where no answers are kept. */
export function cacheNames(cache: z.infer<typeof cacheSchema>) {
  if (!cache.enabled) return undefined
  const { mode, organizations, owner, store, tools, revision, revisions } = cache
  return {
    mode,
    organizations,
    owner,
    store,
    ttlMs: cache.ttl_seconds * 1000,
    ttlMsMax: cache.ttl_max_seconds * 1000,
    entryBytesMax: cache.entry_bytes_max,
    totalBytesMax: cache.total_bytes_max,
    tools,
    finishReasons: new Set(cache.finish_reasons),
    revision,
    revisions,
    ignoredPaths: cache.ignored_paths,
    waitMs: cache.wait_ms,
  }
}

export type CacheTable = NonNullable<ReturnType<typeof cacheNames>>
