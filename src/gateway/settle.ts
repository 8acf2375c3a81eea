import type { GatewayError } from '../errors.ts'
import type { AttemptRecord, Money, RequestStatus, Settlement } from '../protocol/settlement.ts'
import { withPassedOver } from '../protocol/stored-decision.ts'
import { addUsage, promptTokens, type Usage } from '../protocol/usage.ts'
import type { CachedAnswer } from './cache-entry.ts'
import type { GatewayDeps } from './deps.ts'
import type { LedgerEntry } from './ledger.ts'
import { settledAt } from './ledger-rows.ts'
import { toldOf } from './lineup.ts'
import type { Ticket } from './ticket.ts'

export type Outcome =
  | { status: 'succeeded' }
  | { status: 'failed'; error: GatewayError }
  | { status: 'cancelled' }

/**
 * Closes a request's account and puts it on the ledger; resolves when it would survive this process.
 * Only the first call does so; later ones return its result.
 */
export function settle(deps: GatewayDeps, ticket: Ticket, outcome: Outcome): Promise<Settlement> {
  ticket.settlement ??= close(deps, ticket, outcome)
  return ticket.settlement
}

async function close(deps: GatewayDeps, ticket: Ticket, outcome: Outcome): Promise<Settlement> {
  const error = outcome.status === 'failed' ? outcome.error : undefined
  for (const meter of [...ticket.running]) deps.health.record(meter.close(outcome.status, error))
  if (ticket.attempts.length > 1) ticket.attempts.sort((one, other) => one.number - other.number)
  await estimateMissing(ticket)
  convert(deps, ticket.attempts)
  const entry = ledgerEntry(ticket, outcome.status)
  entry.errorCode = error?.code ?? (outcome.status === 'cancelled' ? 'CANCELLED' : undefined)
  deps.metrics.settled(entry)
  if (ticket.affinity) noteServed(deps, ticket)
  await deps.ledger.settle(entry)
  ticket.reservation?.settle(ticket.attempts, settledAt(entry))
  const settlement = { ...entry.settlement, status: outcome.status }
  ticket.call.onSettled?.(settlement)
  return settlement
}

/** Where the conversation goes on, its beginning is in that provider's cache. */
function noteServed({ affinity }: GatewayDeps, { affinity: names = [], attempts }: Ticket): void {
  const served = attempts.findLast(({ status }) => status === 'succeeded')?.deployment
  if (served !== undefined) affinity.note(names, served)
}

/** Puts on the journal what is known before an upstream is called: if this process dies, that is what remains. */
export function noteOpen(deps: GatewayDeps, ticket: Ticket): Promise<void> {
  const entry = ledgerEntry(ticket, 'interrupted')
  entry.errorCode = 'INTERRUPTED'
  const running = ticket.running.map((meter) => meter.interrupted())
  entry.settlement.attempts = [...ticket.attempts, ...running]
  return deps.ledger.open(entry)
}

function ledgerEntry(ticket: Ticket, status: RequestStatus): LedgerEntry {
  const { call, attempts, cache, hit } = ticket
  const answering = hit ? fromCache(hit) : answeredWith(ticket)
  return {
    settlement: {
      requestId: call.requestId,
      status,
      model: answering?.model,
      provider: answering?.provider,
      attempts,
      usage: answering?.usage,
      cost: answering?.cost,
      cache,
    },
    organization: call.actor.organization,
    apiKeyId: call.actor.kind === 'api-key' ? call.actor.id : null,
    createdAt: ticket.createdAt,
    door: call.door,
    requestedModel: ticket.requestedModel,
    stream: ticket.stream,
    latencyMs: performance.now() - ticket.startedAtMs,
    timeToFirstTokenMs: ticket.timeToFirstTokenMs,
    tags: call.tags,
    decision: () => decided(ticket),
    user: call.user,
    reserved: ticket.reservation?.money,
  }
}

/** The decision, with what was passed over since. */
function decided({ route, passedOver }: Ticket): string | undefined {
  const decision = route?.decision
  if (decision === undefined || passedOver.length === 0) return decision
  return withPassedOver(decision, passedOver.map(toldOf))
}

/** The attempt whose words the client has; where it went on with others' words, their tokens and costs are in it. */
function answeredWith({ answering, continued }: Ticket): Answering | undefined {
  const last = answering?.closed
  if (!last || continued.length === 0) return last
  const all = [...continued.flatMap(({ closed }) => closed ?? []), last]
  return {
    provider: last.provider,
    model: last.model,
    usage: all
      .map(({ usage }) => usage)
      .reduce((sum, usage) => sum && usage && addUsage(sum, usage)),
    cost: all.map(({ cost }) => cost).reduce((sum, cost) => sum && cost && addCost(sum, cost)),
  }
}

type Answering = Pick<AttemptRecord, 'provider' | 'model' | 'usage' | 'cost'>

/** Money of two currencies has no sum. */
function addCost(one: Money, other: Money): Money | undefined {
  if (one.currency !== other.currency) return undefined
  return { currency: one.currency, nanos: one.nanos + other.nanos }
}

/** A kept answer costs nothing again; its tokens are those that it once took. */
function fromCache({ provider, model, usage, currency }: CachedAnswer) {
  return {
    provider,
    model,
    usage,
    cost: currency === undefined ? undefined : { currency, nanos: 0n },
  }
}

/**
 * Attempts that said something, or were ended for another one, will be billed, however they ended: what
 * their providers did not report of them is counted here. What never said anything else stays unknown.
 */
async function estimateMissing(ticket: Ticket): Promise<void> {
  for (const { meter, record } of ticket.unreported) {
    if (record.timeToFirstTokenMs === undefined && !meter.abandoned) continue
    record.usage = completed(record.usage, await ticket.estimate(meter.produced))
    record.cost = meter.price(record.usage)
  }
}

/** What was reported of the prompt, and what was counted of the answer. */
function completed(reported: Usage | undefined, counted: Usage): Usage {
  if (!reported || promptTokens(reported) === undefined) return counted
  const { totalTokens: _partial, ...prompt } = reported
  return { ...prompt, outputTokens: counted.outputTokens, estimated: true }
}

/** Each attempt in the accounting currency, at the rate of its time. */
function convert({ rates }: GatewayDeps, attempts: readonly AttemptRecord[]): void {
  if (rates.accountingCurrency === undefined) return
  for (const attempt of attempts) {
    const { cost, startedAt } = attempt
    attempt.accounting = cost && rates.convert(cost, rates.accountingCurrency, startedAt)
  }
}
