import { flat } from '../lib/flat.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { accounted } from './accounted.ts'
import { admit } from './admit.ts'
import { attempt } from './attempt.ts'
import type { AttemptPlan } from './attempt-plan.ts'
import { cached } from './cache.ts'
import type { Call } from './call.ts'
import type { GatewayDeps } from './deps.ts'
import { emulate } from './emulate.ts'
import { withBeginning } from './continuation.ts'
import { withUser } from './end-user.ts'
import { chatDemand, noDemand } from './limits/demand.ts'
import { costOf } from './cost.ts'
import { estimateUsage, expectedUsage } from './estimate.ts'
import { lossesOf } from './loss.ts'
import { reserve } from './reserve.ts'
import { chatQuery } from './routing/query.ts'
import { tokensOf } from './routing/estimate.ts'
import { route } from './route.ts'
import { stopAtLimit } from './stop-at-limit.ts'
import type { Events } from './running-attempt.ts'
import { openTicket, type Ticket } from './ticket.ts'

/** One completion as a stream of events, accounted for whatever its end. */
export function chat(
  deps: GatewayDeps,
  request: ChatRequest,
  call: Call,
): AsyncGenerator<ChatEvent> {
  return flat(chatInLists(deps, request, call))
}

/** The same with the events that are ready at the same moment in one list. */
export function chatInLists(
  deps: GatewayDeps,
  request: ChatRequest,
  call: Call,
): AsyncGenerator<Events> {
  return accounted(deps, withUser(call, request), {
    open: (inner) =>
      openTicket({
        call: inner,
        model: request.model,
        stream: request.stream,
        estimate: (produced) => estimateUsage(request, produced),
      }),
    steps: (ticket) => steps(deps, request, ticket),
  })
}

async function steps(
  deps: GatewayDeps,
  request: ChatRequest,
  ticket: Ticket,
): Promise<AsyncGenerator<Events>> {
  const { call } = ticket
  const query = chatQuery(request, call)
  const routed = route(deps, query) // where it goes
  const { mode } = routed
  ticket.route = routed
  ticket.affinity = routed.affinity
  const { order, priority } = admit(deps, call, routed) // whether this actor may send it there, now
  ticket.priority = priority
  ticket.roughTokens = () => tokensOf(query.estimate())
  // What was answered before, which takes no tokens and no money of the limits; else a new answer.
  return cached(
    deps,
    { request, ticket, reach: () => routed.reach() },
    {
      onHit: async () => {
        ticket.reservation = await reserve(deps, { call, order, demand: noDemand })
      },
      make: () => answer(deps, request, { ticket, plan: { order, mode } }),
    },
  )
}

async function answer(
  deps: GatewayDeps,
  request: ChatRequest,
  { ticket, plan }: { ticket: Ticket; plan: AttemptPlan },
): Promise<AsyncGenerator<Events>> {
  const demand = chatDemand(request)
  const { call } = ticket
  const { order } = plan
  ticket.reservation = await reserve(deps, { call, order, demand }) // whether the limits have room
  // Call them until one answers.
  const events = attempt(deps, plan, ticket, {
    losses: (deployment) => lossesOf(deployment, request),
    events: (deployment, options) =>
      deps.callUpstream(
        deployment,
        emulate(deployment, withBeginning(request, options.prefix)),
        options,
      ),
    cost: async ({ price }) => costOf(price, await expectedUsage(request)),
  })
  return stopAtLimit(deps, ticket, { events, demand }) // before it costs more than it may
}
