import { invalidRequest } from '../../errors.ts'
import type { Actor } from '../../protocol/actor.ts'
import type { EmbeddingRequest } from '../../protocol/embedding.ts'
import type { IntentGuess } from '../../protocol/intent.ts'
import type { FeatureName } from '../../protocol/features.ts'
import type { ChatRequest, Message } from '../../protocol/request.ts'
import type { TokenEstimate } from '../../protocol/routing.ts'
import type { RuleFacts } from '../../protocol/rule.ts'
import type { Tags } from '../../protocol/tags.ts'
import type { Call, RoutingHints } from '../call.ts'
import type { Deployment } from '../catalogue.ts'
import { embeddingKind, embeddingRefusal } from '../embedding-loss.ts'
import { intentOf } from '../intent/intent-of.ts'
import { dialectsOf, refusedOf, usedFeatures } from '../loss.ts'
import { chatFacts, embeddingFacts } from '../rule-facts.ts'
import { estimateChat, estimateTexts } from './estimate.ts'

/** A request as far as routing is concerned. */
export interface RouteQuery {
  /** As the client named it. */
  model: string
  actor: Actor
  hints: RoutingHints
  tags: Tags | undefined
  /** The end user behind the request. */
  user: string | undefined
  /** The bound of the answer that the request sets. */
  answerTokensMax: number | undefined
  /** Roughly; made when it is first asked for. */
  estimate: () => TokenEstimate
  /** What a deployment cannot do of the request, in words; empty when it can do all. */
  refused: (deployment: Deployment) => readonly string[]
  /** Of some features that may be refused: equal where the same deployments refuse; undefined where nobody does. */
  refusalKey: (refusable: readonly FeatureName[]) => string | undefined
  /** The conversation; absent where there is none. */
  messages?: readonly Message[]
  /** What rules may ask about. */
  facts(now: Date): RuleFacts
  /** What the request wants. */
  intent(longContextTokens: number): IntentGuess
  /** Fallbacks that rules add to the client's own. */
  addedFallbacks?: readonly string[]
  /** Whether a rule lets the request go to its model alone, without any fallback. */
  pinned?: boolean
}

/** Who asks, and what is said beside the request itself. */
export type Caller = Pick<Call, 'actor' | 'door' | 'headers' | 'hints' | 'tags' | 'user'>

/** What a completion asks of routing. */
export function chatQuery(request: ChatRequest, caller: Caller): RouteQuery {
  const { actor, hints, tags, user } = caller
  let estimate: TokenEstimate | undefined
  let used: ReturnType<typeof usedFeatures> | undefined
  const estimated = () => (estimate ??= estimateChat(request))
  return {
    model: request.model,
    actor,
    hints,
    tags,
    user,
    answerTokensMax: request.maxTokens,
    estimate: estimated,
    refused: (deployment) => refusedOf(deployment, request, (used ??= usedFeatures(request))),
    refusalKey: (refusable) => {
      const some = usedFeatures(request, refusable)
      return some.length === 0 ? undefined : `${some.join(' ')} ${dialectsOf(request)}`
    },
    messages: request.messages,
    facts: (now) => chatFacts(request, caller, { estimate: estimated(), now }),
    intent: (longContextTokens) =>
      intentOf({ request, tags, inputTokens: estimated().inputTokens, longContextTokens }),
  }
}

/** The same of vectors. */
export function embeddingQuery(request: EmbeddingRequest, caller: Caller): RouteQuery {
  const { actor, hints, tags, user } = caller
  const estimate = () => estimateTexts(request.inputs)
  return {
    model: request.model,
    actor,
    hints,
    tags,
    user,
    answerTokensMax: undefined,
    estimate,
    refused: (deployment) => embeddingRefusal(deployment, request),
    refusalKey: () => embeddingKind(request),
    facts: (now) => embeddingFacts(request, caller, { estimate: estimate(), now }),
    intent: () => {
      throw invalidRequest('model', '`auto` chooses among models that talk; name one for vectors.')
    },
  }
}
