import { GatewayError } from '../../errors.ts'
import { formatNanos } from '../../lib/decimal.ts'
import type { LimitScope } from '../../protocol/limit.ts'
import type { Money } from '../../protocol/settlement.ts'
import type { BudgetMeter, Meter, RateMeter, Reading, Subject } from './meter.ts'

/** How long to wait where nobody can say when room will be. */
const usualWaitMs = 1_000

/** Why meters did not let a request through; undefined where all did. */
export function refusalOf(
  meters: readonly Meter[],
  readings: readonly Reading[],
): GatewayError | undefined {
  let worst: { meter: Meter; reading: Reading } | undefined
  for (const [index, meter] of meters.entries()) {
    const reading = readings[index]
    if (!reading || reading.waitMs === 0) continue
    if (!worst || rank(meter, reading) > rank(worst.meter, worst.reading))
      worst = { meter, reading }
  }
  return worst && refused(worst.meter, worst.reading)
}

/** Money before everything else, then the longest wait. */
function rank({ kind }: Meter, { waitMs }: Reading): number {
  if (kind === 'budget') return Number.MAX_VALUE
  return kind === 'concurrency' ? usualWaitMs : Math.min(waitMs, Number.MAX_SAFE_INTEGER)
}

function refused(meter: Meter, reading: Reading): GatewayError {
  switch (meter.kind) {
    case 'budget':
      return outOfMoney(meter, reading)
    case 'concurrency': {
      const message = `${whose(meter)} has ${meter.limit} requests under way, as many as it may; try again when one has ended.`
      return rateError(message, usualWaitMs)
    }
    case 'requests':
    case 'tokens':
      return rateError(rateMessage(meter, reading), reading.waitMs)
    default:
      return meter satisfies never
  }
}

function rateMessage(meter: RateMeter, { waitMs, left }: Reading): string {
  const limit = `${meter.limit} ${meter.kind} per ${meter.periodMs === 60_000 ? 'minute' : 'day'}`
  const who = whose(meter)
  if (waitMs === Infinity) {
    return `This request may take ${meter.cost} tokens and ${who} is limited to ${limit}; shorten it or lower its bound of output tokens.`
  }
  const wait = `try again in ${seconds(waitMs)}`
  return meter.kind === 'requests'
    ? `${who} is limited to ${limit}, and these are used up; ${wait}.`
    : `${who} is limited to ${limit}; ${left} are left and this request may take ${meter.cost}; ${wait}.`
}

function outOfMoney(meter: BudgetMeter, { left }: Reading): GatewayError {
  const { name, currency } = meter.rule.row
  const has = `${money(left, currency)} of ${money(meter.limit, currency)}`
  const resets =
    meter.resetsAt === undefined
      ? ''
      : ` More is free from ${new Date(meter.resetsAt).toISOString()}.`
  return new GatewayError({
    code: 'INSUFFICIENT_QUOTA',
    message: `The budget \`${name}\` of ${whose(meter)} has ${has} left, and this request may cost ${money(meter.cost, currency)}.${resets}`,
    failover: meter.scope === 'provider' || meter.scope === 'model',
  })
}

/** A model whose cost cannot be said in the currency of a budget. */
export function unpriced(model: string, currency: string): GatewayError {
  return new GatewayError({
    code: 'INSUFFICIENT_QUOTA',
    message: `The cost of \`${model}\` in ${currency} is not known, and a budget in ${currency} applies; configure its price or a rate, or let unpriced models pass.`,
    failover: true,
  })
}

/** A deployment that may cost more than the client allows. */
export function tooDear(model: string, cost: Money | undefined, most: Money): GatewayError {
  const may = cost
    ? `may cost ${money(Number(cost.nanos), cost.currency)}`
    : 'costs nobody knows how much'
  return new GatewayError({
    code: 'INSUFFICIENT_QUOTA',
    message: `This request ${may} at \`${model}\`, more than the ${money(Number(most.nanos), most.currency)} that it allows; raise that or lower its bound of output tokens.`,
    failover: true,
  })
}

/** A stream that has used what was reserved for it. */
export function usedUp(what: string): GatewayError {
  return new GatewayError({
    code: 'INSUFFICIENT_QUOTA',
    message: `The answer was ended here: ${what} is used up. What was sent until now is billed.`,
  })
}

function rateError(message: string, waitMs: number): GatewayError {
  const retryAfterMs = waitMs === Infinity ? undefined : waitMs
  return new GatewayError({ code: 'RATE_LIMIT_EXCEEDED', message, retryAfterMs })
}

const words: Record<LimitScope, string> = {
  key: 'This API key',
  user: 'The user',
  organization: 'The organisation',
  tag: 'The tag',
  provider: 'The provider',
  model: 'The model',
}

function whose({ scope, name }: Subject): string {
  return scope === 'key' || scope === 'organization' ? words[scope] : `${words[scope]} \`${name}\``
}

function money(nanos: number, currency: string): string {
  return `${formatNanos(BigInt(Math.round(nanos)))} ${currency}`
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`
}
