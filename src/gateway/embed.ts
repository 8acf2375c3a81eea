import { GatewayError } from '../errors.ts'
import type { EmbeddingAnswer, EmbeddingBatch, EmbeddingRequest } from '../protocol/embedding.ts'
import type { AttemptStart, ChatEvent } from '../protocol/event.ts'
import type { Settlement } from '../protocol/settlement.ts'
import { flat } from '../lib/flat.ts'
import { accounted } from './accounted.ts'
import { admit } from './admit.ts'
import { attempt } from './attempt.ts'
import { inOrder } from './attempt-plan.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'
import { costOf } from './cost.ts'
import type { GatewayDeps } from './deps.ts'
import { embeddingLosses } from './embedding-loss.ts'
import { withUser } from './end-user.ts'
import { estimateEmbeddingUsage } from './estimate.ts'
import { embeddingDemand } from './limits/demand.ts'
import { reserve } from './reserve.ts'
import { route } from './route.ts'
import { tokensOf } from './routing/estimate.ts'
import { embeddingQuery } from './routing/query.ts'
import type { Events, WorkOptions } from './running-attempt.ts'
import { openTicket, type Ticket } from './ticket.ts'

/** Why there are no vectors, and what was tried. */
export interface EmbeddingFailure {
  error: GatewayError
  settlement: Settlement
}

/**
 * The vectors of some texts, through the same gate, ledger and fallbacks as completions; undefined
 * when the caller left.
 */
export async function embed(
  deps: GatewayDeps,
  request: EmbeddingRequest,
  call: Call & { onAttempt?: (start: AttemptStart) => void },
): Promise<EmbeddingAnswer | EmbeddingFailure | undefined> {
  const vectors: number[][] = []
  const warnings: string[] = []
  const events = accounted(deps, withUser(call, request), {
    open: (inner) =>
      openTicket({
        call: inner,
        model: request.model,
        stream: false,
        estimate: () => estimateEmbeddingUsage(request),
      }),
    steps: (ticket) => steps(deps, request, ticket, vectors),
  })
  for await (const event of flat(events)) {
    if (event.type === 'attempt-start') call.onAttempt?.(event)
    if (event.type === 'warning') warnings.push(event.message)
    if (event.type === 'error') return event
    if (event.type === 'end') return { vectors, warnings, settlement: event.settlement }
  }
  return undefined
}

async function steps(
  deps: GatewayDeps,
  request: EmbeddingRequest,
  ticket: Ticket,
  vectors: number[][],
): Promise<AsyncGenerator<Events>> {
  const { call } = ticket
  const query = embeddingQuery(request, call)
  const routed = route(deps, query)
  ticket.route = routed
  const { order, priority } = admit(deps, call, routed)
  ticket.priority = priority
  ticket.roughTokens = () => tokensOf(query.estimate())
  const demand = embeddingDemand(request)
  ticket.reservation = await reserve(deps, { call, order, demand })
  return attempt(deps, { order, mode: inOrder }, ticket, {
    losses: (deployment) => embeddingLosses(deployment, request),
    events: made,
    cost: async ({ price }) => costOf(price, await estimateEmbeddingUsage(request)),
  })

  /** Vectors are no events: they are kept aside, and what is accounted for goes on. */
  async function* made(deployment: Deployment, options: WorkOptions): AsyncGenerator<ChatEvent> {
    vectors.length = 0
    const answer = await deps.embedUpstream(deployment, request, options)
    for (const vector of answer.vectors) vectors.push(vector)
    yield { type: 'response-start', model: answer.upstreamModel }
    yield { type: 'usage', usage: answer.usage ?? (await estimateEmbeddingUsage(request)) }
    checkLength(deployment, request, answer)
  }
}

/** A server that does not know `dimensions` makes vectors of its own length without a word. */
function checkLength(
  { modelId: id }: Deployment,
  { dimensions }: EmbeddingRequest,
  { vectors }: EmbeddingBatch,
): void {
  const other = vectors.find(({ length }) => length !== (dimensions ?? length))
  if (!other) return
  throw new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `\`${id}\` made vectors of ${other.length} numbers, not of ${dimensions}; leave \`dimensions\` out.`,
    path: 'dimensions',
    failover: true,
  })
}
