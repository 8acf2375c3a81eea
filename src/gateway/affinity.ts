import { LRUCache } from 'lru-cache'
import type { RoutingPolicy } from '../protocol/routing-policy.ts'
import type { RouteQuery } from './routing/query.ts'
import { prefixesOf } from './routing/prefix.ts'

/** Which deployment served a conversation last, or a prompt that began alike: its provider may have it cached. */
export interface Affinity {
  /** The deployment's id, by the first of these names that is known. */
  find(names: readonly string[]): string | undefined
  /** Takes who served a request of these names. */
  note(names: readonly string[], deployment: string): void
  /** Takes what another instance has noted. */
  hear(name: string, deployment: string): void
}

/** By which names a request is known again. */
export interface AffinityNames {
  session: readonly string[]
  prefix: readonly string[]
}

const namesMax = 100_000
/** Providers keep a prompt for minutes. */
const keptMs = 30 * 60_000
/** Shorter prompts are not cached by any provider. */
const prefixTokensMin = 1_024

/** What this process knows; `onNote` is told of all that is new. */
export function createAffinity(
  onNote?: (name: string, deployment: string) => void,
  now: () => number = Date.now,
): Affinity {
  const known = new LRUCache<string, string>({
    max: namesMax,
    ttl: keptMs,
    ttlResolution: 0,
    perf: { now },
  })
  return {
    find: (names) => {
      for (const name of names) {
        const found = known.get(name)
        if (found !== undefined) return found
      }
      return undefined
    },
    note: (names, deployment) => {
      for (const name of names) {
        const changed = onNote && known.peek(name) !== deployment
        known.set(name, deployment)
        if (changed) onNote(name, deployment)
      }
    },
    hear: (name, deployment) => void known.set(name, deployment),
  }
}

/** The names of a request; undefined where its policy wants none. */
export function affinityNames(
  query: RouteQuery,
  model: string,
  { stickiness, prefixAffinity }: RoutingPolicy,
): AffinityNames | undefined {
  const { actor, hints, messages } = query
  const hasSession = stickiness !== 'none' && hints.session !== undefined
  const long = prefixAffinity && messages && query.estimate().inputTokens >= prefixTokensMin
  if (!hasSession && !long) return undefined
  const scope = `${actor.organization} ${model}`
  const turn = hasSession && stickiness === 'turn' ? ` ${turnOf(query)}` : ''
  return {
    session: hasSession ? [`${scope} ${hints.session}${turn}`] : [],
    prefix: long ? prefixesOf(messages, scope) : [],
  }
}

/** A turn begins with each message of the user. */
function turnOf({ messages = [] }: RouteQuery): number {
  return messages.filter(({ role }) => role === 'user').length
}
