import type { IntentGuess } from '../../protocol/intent.ts'
import { autoName } from '../auto-models.ts'
import type { RoutingHints } from '../call.ts'
import type { RouteDeps } from '../route.ts'
import { applyRules, deniedByRule, type RuleOutcome } from '../rules.ts'
import type { RouteQuery } from './query.ts'

/** A request as the rules of the configuration want it routed, and what they and `auto` made of it. */
export interface Directed {
  query: RouteQuery
  /** Names of the rules that fired. */
  rules: readonly string[]
  /** Rules that could not be asked. */
  failedRules: Readonly<RuleOutcome['failed']>
  /** What a rule says of who goes first. */
  priority: number | undefined
  /** Present where the model was `auto`. */
  intent: IntentGuess | undefined
}

const none: readonly never[] = []

/** Applies the rules, then finds out what `auto` stands for; throws where a rule denies the request. */
export function directed(deps: RouteDeps, asked: RouteQuery): Directed {
  const outcome =
    deps.rules.length === 0 ? undefined : applyRules(deps.rules, asked.facts(new Date(deps.now())))
  if (outcome?.denied) throw deniedByRule(outcome.denied)
  const ruled = outcome ? ruledQuery(asked, outcome) : asked
  const intent = deps.catalogue.isAutomatic(ruled.model)
    ? ruled.intent(deps.catalogue.longContextTokens)
    : undefined
  return {
    query: intent ? { ...ruled, model: autoName(intent.intent) } : ruled,
    rules: outcome?.fired ?? none,
    failedRules: outcome?.failed ?? none,
    priority: outcome?.priority,
    intent,
  }
}

/** The operator's word goes before the client's; neither widens what the other allows. */
function ruledQuery(query: RouteQuery, outcome: RuleOutcome): RouteQuery {
  if (outcome.fired.length === 0) return query
  const { route, pin, strategy, fallbacks, allowProviders, denyProviders } = outcome
  const hints: RoutingHints = {
    ...query.hints,
    ...(strategy !== undefined && { strategy }),
    ...(allowProviders && { allowProviders: both(query.hints.allowProviders, allowProviders) }),
    ...(denyProviders && {
      denyProviders: [...(query.hints.denyProviders ?? []), ...denyProviders],
    }),
  }
  return {
    ...query,
    model: pin ?? route ?? query.model,
    hints,
    addedFallbacks: fallbacks,
    pinned: pin !== undefined,
  }
}

function both(asked: readonly string[] | undefined, ruled: readonly string[]): readonly string[] {
  return asked ? asked.filter((name) => ruled.includes(name)) : ruled
}
