import type { Actor } from '../../protocol/actor.ts'
import type { EmbeddingRequest } from '../../protocol/embedding.ts'
import type { ChatRequest, Message } from '../../protocol/request.ts'
import type { TokenEstimate } from '../../protocol/routing.ts'
import type { Tags } from '../../protocol/tags.ts'
import type { Call, RoutingHints } from '../call.ts'
import type { Deployment } from '../catalogue.ts'
import { embeddingRefusal } from '../embedding-loss.ts'
import { refusedOf, usedFeatures } from '../loss.ts'
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
  /** The conversation; absent where there is none. */
  messages?: readonly Message[]
}

type Caller = Pick<Call, 'actor' | 'hints' | 'tags' | 'user'>

/** What a completion asks of routing. */
export function chatQuery(request: ChatRequest, { actor, hints, tags, user }: Caller): RouteQuery {
  let estimate: TokenEstimate | undefined
  let used: ReturnType<typeof usedFeatures> | undefined
  return {
    model: request.model,
    actor,
    hints,
    tags,
    user,
    answerTokensMax: request.maxTokens,
    estimate: () => (estimate ??= estimateChat(request)),
    refused: (deployment) => refusedOf(deployment, request, (used ??= usedFeatures(request))),
    messages: request.messages,
  }
}

/** The same of vectors. */
export function embeddingQuery(
  request: EmbeddingRequest,
  { actor, hints, tags, user }: Caller,
): RouteQuery {
  return {
    model: request.model,
    actor,
    hints,
    tags,
    user,
    answerTokensMax: undefined,
    estimate: () => estimateTexts(request.inputs),
    refused: (deployment) => embeddingRefusal(deployment, request),
  }
}
