import { GatewayError } from '../errors.ts'
import type { Rule, RuleAction, RuleFacts } from '../protocol/rule.ts'

/** What the rules of the configuration make of one request. */
export interface RuleOutcome extends Omit<RuleAction, 'deny' | 'fallbacks'> {
  /** Names of the rules whose condition holds, in order. */
  fired: string[]
  /** Rules whose condition could not be evaluated, and why. */
  failed: { rule: string; reason: string }[]
  denied?: { rule: string; message: string } | undefined
  fallbacks: string[]
}

/**
 * Asks the rules in their order. Every one that matches acts: of `route`, `pin`, `strategy` and `priority` the
 * last word counts, lists of allowed providers narrow each other. A denial ends it.
 */
export function applyRules(rules: readonly Rule[], facts: RuleFacts): RuleOutcome {
  const outcome: RuleOutcome = { fired: [], failed: [], fallbacks: [] }
  for (const rule of rules) {
    const matches = tryRule(rule, facts, outcome)
    if (outcome.denied) return outcome
    if (!matches) continue
    outcome.fired.push(rule.name)
    act(outcome, rule)
    if (outcome.denied || rule.last) return outcome
  }
  return outcome
}

/** The refusal that a denial stands for. */
export function deniedByRule({ rule, message }: NonNullable<RuleOutcome['denied']>): GatewayError {
  return new GatewayError({
    code: 'PERMISSION_DENIED',
    message: `The rule \`${rule}\` refuses this request: ${message}`,
    path: 'model',
  })
}

/** A rule that would deny and cannot be asked denies: the request must not slip through. */
function tryRule(rule: Rule, facts: RuleFacts, outcome: RuleOutcome): boolean {
  try {
    return rule.matches(facts)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    outcome.failed.push({ rule: rule.name, reason })
    if (rule.deny !== undefined) {
      outcome.denied = {
        rule: rule.name,
        message: `its condition cannot be evaluated (${reason}).`,
      }
    }
    return false
  }
}

function act(outcome: RuleOutcome, rule: Rule): void {
  if (rule.deny !== undefined) outcome.denied = { rule: rule.name, message: rule.deny }
  if (rule.route !== undefined) outcome.route = rule.route
  if (rule.pin !== undefined) outcome.pin = rule.pin
  if (rule.strategy !== undefined) outcome.strategy = rule.strategy
  if (rule.priority !== undefined) outcome.priority = rule.priority
  outcome.fallbacks.push(...(rule.fallbacks ?? []))
  if (rule.allowProviders) {
    const before = outcome.allowProviders
    outcome.allowProviders = before
      ? before.filter((name) => rule.allowProviders?.includes(name))
      : rule.allowProviders
  }
  if (rule.denyProviders) {
    outcome.denyProviders = [...(outcome.denyProviders ?? []), ...rule.denyProviders]
  }
}
