import { loadTokenizer } from '../lib/tokens.ts'

import type { GatewayDeps } from './deps.ts'
import { dearestCost, type Demand } from './limits/demand.ts'
import { usedUp } from './limits/refusal.ts'
import type { Events } from './running-attempt.ts'
import type { AttemptMeter, Ticket } from './ticket.ts'

/** How many characters pass between two looks at what they cost. */
const lookEveryChars = 64

/** Ends an answer with INSUFFICIENT_QUOTA once it has cost what it may, where its budget or its client says so. */
export function stopAtLimit(
  deps: Pick<GatewayDeps, 'limits'>,
  ticket: Ticket,
  { events, demand }: { events: AsyncGenerator<Events>; demand: Demand },
): AsyncGenerator<Events> {
  const bounds = boundsOf(ticket)
  return bounds.length === 0 ? events : stopped(deps, ticket, { events, demand, bounds })
}

/** What the whole answer may cost, and whose word that is. */
interface Bound {
  currency: string
  nanos: number
  what: string
}

function boundsOf({ reservation, call }: Ticket): Bound[] {
  const { maxCost } = call.hints
  const budgets = reservation?.stopping() ?? []
  return [
    ...budgets.map(({ rule: { row }, cost }) => ({
      currency: row.currency,
      nanos: cost,
      what: `what was reserved of the budget \`${row.name}\``,
    })),
    ...(maxCost
      ? [
          {
            currency: maxCost.currency,
            nanos: Number(maxCost.nanos),
            what: 'what the request may cost',
          },
        ]
      : []),
  ]
}

async function* stopped(
  { limits }: Pick<GatewayDeps, 'limits'>,
  ticket: Ticket,
  { events, demand, bounds }: { events: AsyncGenerator<Events>; demand: Demand; bounds: Bound[] },
): AsyncGenerator<Events> {
  const count = await loadTokenizer()
  const inputTokens = await demand.inputTokens()
  let meter: AttemptMeter | undefined
  let counted = 0
  let outputTokens = 0
  for await (const ready of events) {
    yield ready
    const current = ticket.answering
    if (!current) continue
    if (current !== meter) [meter, counted, outputTokens] = [current, 0, 0]
    if (current.produced.length - counted < lookEveryChars) continue
    outputTokens += count(current.produced.slice(counted))
    counted = current.produced.length
    const cost = dearestCost(current.deployment, { inputTokens, outputTokens })
    if (!cost) continue
    for (const { currency, nanos, what } of bounds) {
      const worth = cost.currency === currency ? cost.nanos : limits.toCurrency(cost, currency)
      if (worth !== undefined && Number(worth) >= nanos) throw usedUp(what)
    }
  }
}
