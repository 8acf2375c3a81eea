import { GatewayError, invalidRequest } from '../errors.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { CacheWishes } from './call.ts'
import type { CacheSettings } from './cache-settings.ts'

/** What the cache is to do for one request. */
export interface CachePlan {
  read: boolean
  write: boolean
  /** Answers that are older do not count. */
  maxAgeMs: number
  onlyIfCached: boolean
  ttlMs: number
  namespace: string
}

const namespaceDefault = 'default'

/**
 * What the organisation's mode and the client's wishes come to; `off` where the cache is not asked at all,
 * `bypass` where such a request is never kept. Throws for wishes that cannot be met.
 */
export function planOf(
  settings: CacheSettings | undefined,
  request: ChatRequest,
  { actor, cache: wishes = {} }: { actor: Actor; cache?: CacheWishes | undefined },
): CachePlan | 'off' | 'bypass' {
  if (!settings || !isOn(settings, actor, wishes)) {
    if (wishes.onlyIfCached) throw notCached('no answers are kept for this request')
    return 'off'
  }
  const { ttlMs = Math.min(settings.ttlMs, settings.ttlMsMax) } = wishes
  if (ttlMs > settings.ttlMsMax) {
    throw invalidRequest(
      'cache.ttl',
      `Answers are kept for at most ${settings.ttlMsMax / 1000} seconds here (cache.ttl_max_seconds).`,
    )
  }
  const write = !wishes.noStore && ttlMs > 0
  const read = !wishes.noCache
  const barred = !(settings.tools || wishes.tools) && usesTools(request)
  if (barred || !(read || write)) {
    if (wishes.onlyIfCached) throw notCached('such a request is answered anew each time')
    return 'bypass'
  }
  return {
    read,
    write,
    maxAgeMs: wishes.maxAgeMs ?? Infinity,
    onlyIfCached: wishes.onlyIfCached ?? false,
    ttlMs,
    namespace: wishes.namespace ?? namespaceDefault,
  }
}

/** A client that takes nothing else gets this where nothing is kept. */
export function notCached(why: string): GatewayError {
  return new GatewayError({
    code: 'NOT_CACHED',
    message: `There is no kept answer: ${why}. Send the request without \`only_if_cached\` to have one made.`,
    path: 'cache.only_if_cached',
  })
}

function isOn({ mode, organizations }: CacheSettings, actor: Actor, wishes: CacheWishes): boolean {
  if (wishes.mode === 'off') return false
  const { organization } = actor
  const own = Object.hasOwn(organizations, organization) ? organizations[organization] : undefined
  const set = own ?? mode
  return set === 'on' || (set === 'on_request' && wishes.mode === 'on')
}

/** Members with which a provider looks things up by itself: the same question has another answer tomorrow. */
const lookUps = ['web_search_options', 'search_parameters', 'mcp_servers']

function usesTools({ tools, passthrough }: ChatRequest): boolean {
  if (tools && tools.length > 0) return true
  const members = passthrough?.members
  return members !== undefined && lookUps.some((name) => members[name] != null)
}
