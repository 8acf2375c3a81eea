import { LRUCache } from 'lru-cache'
import type { AnswerHeaders } from '../lib/retry-after.ts'
import type { Deployment } from './catalogue.ts'

/** How much is left to each deployment of its provider's rate limits, as its answers tell, and of our own limits on it. */
export interface Headroom {
  /** From 0 to 1; 1 where nothing is known. */
  of(deployment: Pick<Deployment, 'id'>): number
  /** Takes the headers of an answer. */
  note(deployment: Pick<Deployment, 'id'>, headers: AnswerHeaders): void
  /** Takes what a reservation saw of our own limits on it: the least that is left of any. */
  noteLimits(deployment: Pick<Deployment, 'id'>, left: Left): void
}

/** What is left of one limit, and until when that holds. */
export interface Left {
  share: number
  untilMs: number
}

/** Where a provider does not say when its limit is renewed. */
const usualWindowMs = 60_000
const none: readonly Left[] = []
/** Clients may type any name for a model of an open provider. */
const deploymentsMax = 10_000

export function createHeadroom(now: () => number = Date.now): Headroom {
  const known = new LRUCache<string, Left[]>({ max: deploymentsMax })
  const ofLimits = new LRUCache<string, Left>({ max: deploymentsMax })
  return {
    of: ({ id }) => {
      const limits = known.get(id) ?? none
      const own = ofLimits.size > 0 ? ofLimits.get(id) : undefined
      if (limits.length === 0 && !own) return 1
      const nowMs = now()
      let least = own && own.untilMs > nowMs ? own.share : 1
      for (const { share, untilMs } of limits) {
        if (share < least && untilMs > nowMs) least = share
      }
      return least
    },
    note: ({ id }, headers) => {
      const limits = limitsOf(headers, now())
      if (limits.length > 0) known.set(id, limits)
    },
    noteLimits: ({ id }, left) => void ofLimits.set(id, left),
  }
}

/** `x-ratelimit-limit-requests`, and what vendors make of it, as `vendor-ratelimit-requests-limit`. */
const limitName = /^(.*ratelimit-)(?:limit(-[a-z-]+)?|([a-z-]+-)limit)$/

function limitsOf(headers: AnswerHeaders, nowMs: number): Left[] {
  const found: Left[] = []
  for (const name in headers) {
    if (!name.includes('ratelimit')) continue
    const match = limitName.exec(name)
    if (!match) continue
    const [, start = '', after = '', before = ''] = match
    const named = (word: string): string | undefined => text(headers[start + before + word + after])
    const limit = Number(named('limit'))
    const remaining = Number(named('remaining') ?? Number.NaN)
    if (!(limit > 0) || !(remaining >= 0)) continue
    const untilMs = nowMs + (resetMs(named('reset'), nowMs) ?? usualWindowMs)
    found.push({ share: Math.min(1, remaining / limit), untilMs })
  }
  return found
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Seconds, a duration as `6m0s` or `20ms`, a time of the Unix epoch, or a date. */
function resetMs(reset: string | undefined, nowMs: number): number | undefined {
  if (reset === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(reset)) {
    const seconds = Number(reset)
    return seconds > 1e9 ? Math.max(0, seconds * 1000 - nowMs) : seconds * 1000
  }
  const parts = [...reset.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length > 0 && parts.map(([whole]) => whole).join('') === reset) {
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0)
  }
  const date = Date.parse(reset)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
