import { openaiChatDoor } from '../dialects/openai-chat/chat-door.ts'
import { GatewayError } from '../errors.ts'
import { explainRoute } from '../gateway/explain.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { hasScope } from '../protocol/actor.ts'
import type { Decision } from '../protocol/routing.ts'
import type { Exchange } from './exchange.ts'
import { decodeHints } from './hints.ts'

/** `POST /v1/route/explain`: where a chat completion of this body would go now, and why. Nothing is called. */
export async function handleExplain(gateway: GatewayDeps, exchange: Exchange): Promise<void> {
  const { actor, headers, body } = exchange
  if (!hasScope(actor, 'INFERENCE')) {
    throw new GatewayError({
      code: 'PERMISSION_DENIED',
      message: 'This API key may not make completions; it needs the scope INFERENCE.',
    })
  }
  const { request, xrouter } = openaiChatDoor.decode(body, headers)
  const { hints, tags, user } = decodeHints(xrouter)
  const caller = { actor, door: 'rest' as const, headers, hints, tags, user }
  exchange.sendJson(decisionBody(explainRoute(gateway, request, caller)))
}

/** A decision in the words of REST: unknown is null. */
export function decisionBody(decision: Decision) {
  const { estimate } = decision
  return {
    object: 'route.decision',
    model: decision.model,
    strategy: decision.strategy,
    variant: decision.variant ?? null,
    affinity: decision.affinity ?? null,
    intent: decision.intent ? { confidence: null, ...decision.intent } : null,
    rules: decision.rules,
    failed_rules: decision.failedRules,
    estimated_input_tokens: estimate.inputTokens,
    estimated_output_tokens: estimate.outputTokens,
    candidates: decision.candidates.map((each) => ({
      deployment: each.deployment,
      model: each.model,
      source: each.source,
      score: each.score ?? null,
      parts: each.parts ?? {},
      cached_share: each.cachedShare ?? null,
      estimated_cost: each.cost ?? null,
    })),
    excluded: decision.excluded,
    excluded_count: decision.excludedCount,
    passed_over: decision.passedOver ?? [],
  }
}
