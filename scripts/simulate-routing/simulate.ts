import { createAffinity } from '../../src/gateway/affinity.ts'
import { createCatalogue, type Deployment } from '../../src/gateway/catalogue.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import { GatewayError } from '../../src/errors.ts'
import { createHeadroom } from '../../src/gateway/headroom.ts'
import { createRates } from '../../src/gateway/rates.ts'
import { route, type Route, type RouteDeps } from '../../src/gateway/route.ts'
import { estimatedCost } from '../../src/gateway/routing/estimate.ts'
import { chatQuery } from '../../src/gateway/routing/query.ts'
import type { Actor } from '../../src/protocol/actor.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import { usualPolicy, type RoutingPolicy } from '../../src/protocol/routing-policy.ts'
import { Attempts } from './attempts.ts'
import { VirtualClock } from './clock.ts'
import { providerOf, type Upstream } from './world.ts'

export interface Simulation {
  upstreams: readonly Upstream[]
  policy: Partial<RoutingPolicy>
  /** Shares of a weighted choice by upstream; equal where absent. */
  weights?: Readonly<Record<string, number>>
  requests: number
  perSecond: number
  random: () => number
}

/** One request as it went. */
export interface Outcome {
  /** From the beginning of the run. */
  atS: number
  /** Whom the decision put first. */
  first: string
  /** Whether that one failed. */
  firstFailed: boolean
  /** Who answered; absent where nobody did. */
  answered: string | undefined
  /** From arrival to the first token. */
  ttftMs: number
  /** Of all attempts that began to answer, in dollars. */
  cost: number
}

const tokens = { inputTokens: 1_000, outputTokens: 300 }
const resilience = {
  breaker: {
    failures: 10,
    share: 0.5,
    attemptsMin: 20,
    windowMs: 30_000,
    openMs: 5_000,
    openMaxMs: 60_000,
    probes: 1,
  },
  cooldown: { rateLimitMs: 1_000, authMs: 60_000, quotaMs: 60_000, maxMs: 600_000 },
}

/** Sends requests through the gateway's own routing, over upstreams and a time that exist in numbers only. */
export function simulate(simulation: Simulation): Outcome[] {
  const clock = new VirtualClock()
  const startedAtMs = clock.nowMs
  const now = () => clock.nowMs
  const states = createDeploymentStates(resilience, { now })
  const { random, upstreams } = simulation
  const deps = {
    catalogue: catalogueOf(simulation),
    states,
    headroom: createHeadroom(now),
    affinity: createAffinity(undefined, now),
    rates: createRates({ accountingCurrency: undefined, rates: [] }),
    rules: [],
    random,
    now,
  }
  const attempts = new Attempts(upstreams, { clock, ...deps })
  const outcomes: Outcome[] = []
  let sent = 0
  const arrive = (): void => {
    sent += 1
    send({ deps, clock, attempts, user: `user-${sent}` }, (outcome) => {
      outcomes.push({ ...outcome, atS: outcome.atS - startedAtMs / 1_000 })
    })
    // Arrivals that know nothing of each other.
    if (sent < simulation.requests) {
      clock.after((-Math.log(1 - random()) * 1_000) / simulation.perSecond, arrive)
    }
  }
  arrive()
  clock.run()
  return outcomes
}

function catalogueOf({ upstreams, policy, weights = {} }: Simulation) {
  const deployments = upstreams.map(({ id }) => ({
    model: `${id}/model`,
    weight: weights[id] ?? 1,
    priority: 0,
    tags: [],
  }))
  return createCatalogue({
    providers: upstreams.map(providerOf),
    models: [{ name: 'simulated', policy: { ...usualPolicy, ...policy }, deployments }],
    aliases: {},
    fallbacks: {},
    prices: new Map(),
  })
}

const actor: Actor = {
  kind: 'system',
  id: 'master-key',
  organization: 'simulation',
  tier: 'system',
  scopes: new Set(['ADMIN']),
  models: null,
}

interface Sending {
  deps: RouteDeps
  clock: VirtualClock
  attempts: Attempts
  user: string
}

/** One request from its decision to its first token, or to the last failure. */
function send(sending: Sending, done: (outcome: Outcome) => void): void {
  const { deps, clock, user } = sending
  const arrivedMs = clock.nowMs
  const request: ChatRequest = {
    model: 'simulated',
    stream: true,
    maxTokens: tokens.outputTokens,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'word '.repeat(800) }] }],
  }
  const query = chatQuery(request, { actor, door: 'rest', hints: {}, tags: undefined, user })
  const outcome = { atS: arrivedMs / 1_000, firstFailed: false, ttftMs: 0, cost: 0 }
  try {
    const routed = route(deps, query)
    const first = routed.candidates[0].deployment.provider.id
    new Sent(sending, routed, (end) => done({ ...outcome, first, ...end })).begin()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    done({ ...outcome, first: 'nobody', answered: undefined })
  }
}

type Done = (end: Pick<Outcome, 'answered' | 'ttftMs' | 'firstFailed' | 'cost'>) => void

/** A request under way: in order, or with attempts beside each other. */
class Sent {
  readonly #sending: Sending
  readonly #waiting: Deployment[]
  /** Those after the first, until one of them is needed. */
  #others: Route['others'] | undefined
  readonly #mode: Route['mode']
  readonly #done: Done
  readonly #arrivedMs: number
  readonly #leave = new Map<Deployment, () => void>()
  readonly #first: Deployment
  #cost = 0
  #firstFailed = false
  #over = false

  constructor(sending: Sending, routed: Route, done: Done) {
    this.#sending = sending
    this.#first = routed.candidates[0].deployment
    this.#waiting = [this.#first]
    this.#others = () => routed.others()
    this.#mode = routed.mode
    this.#done = done
    this.#arrivedMs = sending.clock.nowMs
  }

  begin(): void {
    this.#next()
    if (this.#mode.kind === 'race') for (let n = 1; n < this.#mode.parallel; n += 1) this.#next()
    if (this.#mode.kind === 'hedge') this.#hedge(this.#mode)
  }

  #hedge({ afterMs, parallel }: Extract<Route['mode'], { kind: 'hedge' }>): void {
    const { clock, deps } = this.#sending
    const usualMs = deps.states.of(this.#first).ttftP95Ms ?? 1_000
    clock.after(afterMs === 'p95' ? usualMs : afterMs, () => {
      if (!this.#over && this.#leave.size < parallel) this.#next()
    })
  }

  /** Calls the next one; false where there is none. */
  #next(): boolean {
    const deployment = this.#waiting.shift() ?? this.#rest().shift()
    if (!deployment) return false
    const leave = this.#sending.attempts.begin(deployment, {
      began: () => this.#won(deployment),
      failed: () => this.#failed(deployment),
    })
    this.#leave.set(deployment, leave)
    return true
  }

  #rest(): Deployment[] {
    const others = this.#others
    this.#others = undefined
    for (const { deployment } of others?.() ?? []) this.#waiting.push(deployment)
    return this.#waiting
  }

  #won(deployment: Deployment): void {
    this.#leave.delete(deployment)
    this.#bill(deployment)
    // Who is left is billed for what it has read.
    for (const [other, leave] of this.#leave) {
      leave()
      this.#bill(other, { ...tokens, outputTokens: 0 })
    }
    this.#end(deployment.provider.id)
  }

  #failed(deployment: Deployment): void {
    this.#leave.delete(deployment)
    if (deployment === this.#first) this.#firstFailed = true
    if (this.#over) return
    if (!this.#next() && this.#leave.size === 0) this.#end(undefined)
  }

  #bill({ rates }: Deployment, used = tokens): void {
    if (rates) this.#cost += estimatedCost(rates, used)
  }

  #end(answered: string | undefined): void {
    this.#over = true
    const ttftMs = this.#sending.clock.nowMs - this.#arrivedMs
    this.#done({ answered, ttftMs, firstFailed: this.#firstFailed, cost: this.#cost })
  }
}
