import type { LimitScope, Rates } from '../../protocol/limit.ts'
import type { Call } from '../call.ts'
import type { Deployment } from '../catalogue.ts'
import { isLimited, type BudgetRule, type LimitBook } from './book.ts'
import type { Meter, Subject } from './meter.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

/** Rates and budgets that apply to one subject. */
export interface Applying extends Subject {
  rates: Rates | undefined
  budgets: readonly BudgetRule[]
}

/** What limits whoever makes a call, wherever it goes; empty where nothing does. */
export function callerLimits(
  book: LimitBook,
  { actor, user, tags }: Pick<Call, 'actor' | 'user' | 'tags'>,
  masterRates: Rates,
): Applying[] {
  const found: Applying[] = []
  const plan = actor.kind === 'system' ? masterRates : book.tiers.get(actor.tier)
  push(found, book, { scope: 'key', name: actor.id }, plan)
  push(found, book, { scope: 'organization', name: book.organization })
  if (user !== undefined && has(book, 'user')) push(found, book, { scope: 'user', name: user })
  if (tags && has(book, 'tag')) {
    for (const [name, value] of Object.entries(tags)) {
      push(found, book, { scope: 'tag', name: `${name}=${String(value)}` })
    }
  }
  return found
}

/** Whether anything limits the calls of deployments. */
export function limitsDeployments(book: LimitBook): boolean {
  return has(book, 'provider') || has(book, 'model')
}

/** What limits the calls of a deployment. */
export function deploymentLimits(book: LimitBook, deployment: Deployment): Applying[] {
  const found: Applying[] = []
  if (has(book, 'provider')) push(found, book, { scope: 'provider', name: deployment.provider.id })
  if (has(book, 'model')) push(found, book, { scope: 'model', name: deployment.modelId })
  return found
}

function has(book: LimitBook, scope: LimitScope): boolean {
  return (book.rates.get(scope)?.size ?? 0) > 0 || book.budgets.has(scope)
}

/** A row of the subject itself stands before the one for each; its null leaves the plan's word. */
function push(found: Applying[], book: LimitBook, subject: Subject, plan?: Rates): void {
  const rows = book.rates.get(subject.scope)
  const each = subject.scope === 'tag' ? subject.name.replace(/=.*$/s, '=*') : '*'
  const own = rows?.get(subject.name) ?? rows?.get(each)
  const rates = plan && own ? merged(plan, own) : (own ?? plan)
  const budgets = book.budgets.get(subject.scope)
  const applying = budgets?.filter(
    ({ row }) => row.subject === subject.name || row.subject === each,
  )
  const limited = rates && isLimited(rates)
  if (!limited && !applying?.length) return
  found.push({ ...subject, rates: limited ? rates : undefined, budgets: applying ?? [] })
}

function merged(plan: Rates, own: Rates): Rates {
  return {
    requestsPerMinute: own.requestsPerMinute ?? plan.requestsPerMinute,
    requestsPerDay: own.requestsPerDay ?? plan.requestsPerDay,
    tokensPerMinute: own.tokensPerMinute ?? plan.tokensPerMinute,
    tokensPerDay: own.tokensPerDay ?? plan.tokensPerDay,
    concurrency: own.concurrency ?? plan.concurrency,
  }
}

/** Whether somebody must count tokens. */
export function countsTokens(limits: readonly Applying[]): boolean {
  return limits.some(
    ({ rates, budgets }) =>
      budgets.length > 0 || rates?.tokensPerMinute != null || rates?.tokensPerDay != null,
  )
}

/** What a request may take of the meters. */
export interface Cost {
  tokens: number
  /** In nano-units of a currency. */
  nanos: (currency: string) => number
}

/** The meters of limits, in the form in which limiters count. */
export function metersOf(
  { organization }: LimitBook,
  limits: readonly Applying[],
  { cost, now }: { cost: Cost; now: number },
): Meter[] {
  const meters: Meter[] = []
  for (const { scope, name, rates, budgets } of limits) {
    const at = `{${organization}}:${scope}:${name}`
    const rate = (kind: 'requests' | 'tokens', limit: number | null, periodMs: number): void => {
      if (limit === null) return
      const taken = kind === 'requests' ? 1 : cost.tokens
      const key = `${at}:${kind}:${periodMs}`
      meters.push({ kind, scope, name, key, limit, periodMs, cost: taken })
    }
    if (rates) {
      rate('requests', rates.requestsPerMinute, minuteMs)
      rate('requests', rates.requestsPerDay, dayMs)
      rate('tokens', rates.tokensPerMinute, minuteMs)
      rate('tokens', rates.tokensPerDay, dayMs)
      if (rates.concurrency !== null) {
        const key = `${at}:concurrency`
        meters.push({ kind: 'concurrency', scope, name, key, limit: rates.concurrency })
      }
    }
    for (const rule of budgets) {
      const { id, currency, period, timeZone } = rule.row
      const { slot, from, resetsAt } = rule.windowAt(now)
      meters.push({
        kind: 'budget',
        scope,
        name,
        key: `${at}:budget:${id}:${currency}:${period}:${timeZone ?? 'rolling'}`,
        limit: rule.limit,
        cost: cost.nanos(currency),
        slot,
        from,
        resetsAt,
        rule,
      })
    }
  }
  return meters
}
