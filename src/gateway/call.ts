import type { IncomingHttpHeaders } from 'node:http'
import type { Ending } from '../lib/ending.ts'
import type { Actor } from '../protocol/actor.ts'
import type {
  DataPolicy,
  PriceCap,
  ScorePart,
  Stickiness,
  StickyBy,
  Strategy,
} from '../protocol/routing.ts'
import type { OnLimits } from '../protocol/limit.ts'
import type { Money, OnSettled } from '../protocol/settlement.ts'
import type { Tags } from '../protocol/tags.ts'

/** What surrounds one completion: who asks, through which door, how it may be routed, and when to stop. */
export interface Call {
  /** The request's `x-request-id`; also its id on the ledger. */
  requestId: string
  actor: Actor
  door: 'rest' | 'graphql'
  hints: RoutingHints
  /** Headers of the HTTP request, names in lower case. */
  headers?: IncomingHttpHeaders | undefined
  /** The client's own labels, kept on the ledger. */
  tags?: Tags | undefined
  /** The end user behind the request, as the client names them. */
  user?: string | undefined
  /** Told how the limits stand that hold for it, before its answer begins. */
  onLimits?: OnLimits | undefined
  /** What the client says of the cache of answers. */
  cache?: CacheWishes | undefined
  onSettled?: OnSettled | null | undefined
  /** Aborted when the client is gone. */
  signal: Ending
}

/** What a client may say about the cache of answers, for one request. */
export interface CacheWishes {
  /** `off`: as if there were none. `on`: also where it is used only on request. */
  mode?: 'on' | 'off' | undefined
  /** A fresh answer, which is kept. */
  noCache?: boolean | undefined
  /** The answer is not kept. */
  noStore?: boolean | undefined
  /** No answer that is older. */
  maxAgeMs?: number | undefined
  /** No answer but a kept one. */
  onlyIfCached?: boolean | undefined
  /** How long the answer is kept. */
  ttlMs?: number | undefined
  /** Answers of one namespace are not given in another. */
  namespace?: string | undefined
  /** Whether a request with tools is cached, too. */
  tools?: boolean | undefined
}

export const midStreamFailures = ['ERROR', 'RESTART', 'CONTINUE'] as const
export type MidStreamFailure = (typeof midStreamFailures)[number]

/** What a client may say about routing, with the model's name. */
export interface RoutingHints {
  /** Models to try after the first, in this order; they come before the configured ones. */
  fallbacks?: readonly string[] | undefined
  /** Only these providers. */
  allowProviders?: readonly string[] | undefined
  /** None of these providers. */
  denyProviders?: readonly string[] | undefined
  /** Only deployments in one of these regions. */
  regions?: readonly string[] | undefined
  /** Only deployments whose providers promise at least this. */
  dataPolicy?: DataPolicy | undefined
  /** Only deployments that have all of these tags. */
  deploymentTags?: readonly string[] | undefined
  /** Only deployments that cost at most this. */
  maxPrice?: PriceCap | undefined
  /** The conversation that the request belongs to, in the client's words. */
  session?: string | undefined
  /** What follows stands before the configured policy of the model. */
  strategy?: Strategy | undefined
  stickyBy?: StickyBy | undefined
  weights?: Partial<Record<ScorePart, number>> | undefined
  hedgeAfterMs?: number | 'p95' | undefined
  parallel?: number | undefined
  stickiness?: Stickiness | undefined
  /**
   * What the request may cost at most: dearer deployments are passed over, attempts of a race or a hedge that
   * would go beyond it together are not begun, and a stream that gets there ends.
   */
  maxCost?: Money | undefined
  /** From the request's arrival to the first content of its answer. */
  deadlineMs?: number | undefined
  /** What becomes of an answer whose deployment fails amid it; `ERROR` when absent. */
  midStreamFailure?: MidStreamFailure | undefined
  /** Where not everybody can be served, higher goes first; the key's tier may bound it. */
  priority?: number | undefined
}
