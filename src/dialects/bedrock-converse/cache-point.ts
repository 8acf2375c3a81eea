import type { CacheMark, Extra } from '../../protocol/request.ts'

/** The block after what is worth keeping in the cache. */
export function cachePoint(cache: CacheMark | undefined): Extra[] {
  if (!cache) return []
  const { ttl } = cache
  return [{ cachePoint: { type: 'default', ...((ttl === '5m' || ttl === '1h') && { ttl }) } }]
}
