import { hash32 } from '../../lib/hash.ts'
import type { StickyBy } from '../../protocol/routing.ts'
import type { RouteQuery } from './query.ts'

/**
 * The hash of what a weighted choice stays the same for; undefined where the request does not say it. The
 * same unit falls anew for each model.
 */
export function unitFor(
  stickyBy: StickyBy | undefined,
  model: string,
  query: Pick<RouteQuery, 'actor' | 'user' | 'hints' | 'tags'>,
): number | undefined {
  if (stickyBy === undefined) return undefined
  const value = unitOf(stickyBy, query)
  return value === undefined ? undefined : hash32(value, hash32(model))
}

function unitOf(
  stickyBy: StickyBy,
  { actor, user, hints, tags }: Pick<RouteQuery, 'actor' | 'user' | 'hints' | 'tags'>,
): string | undefined {
  switch (stickyBy) {
    case 'key':
      return actor.id
    case 'user':
      return user
    case 'session':
      return hints.session
    default: {
      const tag = stickyBy.slice('tag:'.length)
      const value = tags && Object.hasOwn(tags, tag) ? tags[tag] : undefined
      return value === undefined ? undefined : String(value)
    }
  }
}
