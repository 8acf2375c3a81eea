import { z } from 'zod'
import type { CacheWishes } from '../gateway/call.ts'

const seconds = z.number().min(0).max(31_536_000)

/** The member `xrouter.cache` of a completion's body; times are in seconds, as in HTTP. */
export const cacheMember = z.strictObject({
  mode: z.enum(['on', 'off']).optional(),
  no_cache: z.boolean().optional(),
  no_store: z.boolean().optional(),
  max_age: seconds.optional(),
  only_if_cached: z.boolean().optional(),
  ttl: seconds.optional(),
  namespace: z.string().min(1).max(100).optional(),
  tools: z.boolean().optional(),
})

/** The wishes of a body in our own names. */
export function bodyWishes(member: z.infer<typeof cacheMember>): CacheWishes {
  const { max_age: maxAge, ttl } = member
  return {
    mode: member.mode,
    noCache: member.no_cache,
    noStore: member.no_store,
    maxAgeMs: maxAge === undefined ? undefined : maxAge * 1000,
    onlyIfCached: member.only_if_cached,
    ttlMs: ttl === undefined ? undefined : ttl * 1000,
    namespace: member.namespace,
    tools: member.tools,
  }
}

/** The wishes of a body and of the header `cache-control`; the stricter word of the two counts. */
export function withCacheControl(
  wishes: CacheWishes | undefined,
  header: string | undefined,
): CacheWishes | undefined {
  if (header === undefined) return wishes
  const directives = new Map(header.split(',').map(directive))
  const maxAge = directives.get('max-age')
  const said = maxAge !== undefined && /^\d{1,10}$/.test(maxAge) ? Number(maxAge) * 1000 : Infinity
  const maxAgeMs = Math.min(wishes?.maxAgeMs ?? Infinity, said)
  return {
    ...wishes,
    noCache: wishes?.noCache || directives.has('no-cache'),
    noStore: wishes?.noStore || directives.has('no-store'),
    maxAgeMs: maxAgeMs === Infinity ? undefined : maxAgeMs,
    onlyIfCached: wishes?.onlyIfCached || directives.has('only-if-cached'),
  }
}

/** `name` or `name=value`, the value perhaps in quotes. */
function directive(text: string): [name: string, value: string] {
  const [name = '', value = ''] = text.split('=')
  return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')]
}
