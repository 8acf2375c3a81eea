import { GatewayError, type ErrorCode } from '../../src/errors.ts'
import {
  createCatalogue,
  type CatalogueSettings,
  type Deployment,
} from '../../src/gateway/catalogue.ts'
import type { RoutingHints } from '../../src/gateway/call.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import { createAffinity } from '../../src/gateway/affinity.ts'
import { createHeadroom } from '../../src/gateway/headroom.ts'
import { route as routed, type Route, type RouteDeps } from '../../src/gateway/route.ts'
import type { Decision } from '../../src/protocol/routing.ts'
import { parseDecision } from '../../src/protocol/stored-decision.ts'
import { chatQuery, type RouteQuery } from '../../src/gateway/routing/query.ts'
import { nativeBut } from '../../src/protocol/features.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import {
  usualPolicy,
  type RoutingPolicy,
  type VirtualModel,
} from '../../src/protocol/routing-policy.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'
import type { ModelInfo, Provider } from '../../src/providers/provider.ts'
import { managerOf } from './actors.ts'
import { createRates, type RateSettings } from '../../src/gateway/rates.ts'
import { seededRandom } from './random.ts'

/** Routing over deployments that cannot be called, with a clock and a die of the test's own. */
export interface RouteScene {
  deps: RouteDeps
  /** Milliseconds of the Unix epoch; the test moves it. */
  clock: { ms: number }
}

type Part = Partial<VirtualModel['deployments'][number]> & { model: string }

/** A virtual model of these deployments. */
export function virtual(
  name: string,
  parts: readonly (string | Part)[],
  policy: Partial<RoutingPolicy> = {},
): VirtualModel {
  return {
    name,
    policy: { ...usualPolicy, ...policy },
    deployments: parts.map((part) => ({
      weight: 1,
      priority: 0,
      tags: [],
      ...(typeof part === 'string' ? { model: part } : part),
    })),
  }
}

/** A provider of these models. */
export function upstream(
  id: string,
  models: readonly (string | ModelInfo)[],
  told: Partial<Provider> = {},
): Provider {
  return {
    id,
    baseUrl: 'http://127.0.0.1:9',
    authorize: (request) => request,
    support: nativeBut({}),
    models: models.map((model) => (typeof model === 'string' ? { name: model } : model)),
    openModels: false,
    ...told,
  }
}

/** What a million tokens cost, in dollars unless told. */
export function price(input: string, output: string, currency = 'USD'): ModelInfo['price'] {
  return { currency, perMillion: { inputTokens: input, outputTokens: output }, source: 'test' }
}

export function routeScene(
  { accounting, ...settings }: Partial<CatalogueSettings> & { accounting?: RateSettings },
  seed = 1,
): RouteScene {
  const clock = { ms: Date.parse('2026-01-01T00:00:00Z') }
  const catalogue = createCatalogue({
    providers: [],
    aliases: {},
    fallbacks: {},
    prices: new Map(),
    ...settings,
  })
  const resilience = {
    breaker: {
      failures: 3,
      share: 0.5,
      attemptsMin: 20,
      windowMs: 30_000,
      openMs: 5_000,
      openMaxMs: 60_000,
      probes: 1,
    },
    cooldown: { rateLimitMs: 5_000, authMs: 60_000, quotaMs: 60_000, maxMs: 600_000 },
  }
  const states = createDeploymentStates(resilience, { now: () => clock.ms })
  const headroom = createHeadroom(() => clock.ms)
  return {
    deps: {
      catalogue,
      rules: [],
      states,
      headroom,
      affinity: createAffinity(undefined, () => clock.ms),
      rates: createRates({ accountingCurrency: undefined, rates: [], ...accounting }),
      random: seededRandom(seed),
      now: () => clock.ms,
    },
    clock,
  }
}

/** One user message, of this model. */
export function ask(
  model: string,
  hints: RoutingHints = {},
  told: Partial<ChatRequest> & { actor?: RouteQuery['actor']; tags?: RouteQuery['tags'] } = {},
): RouteQuery {
  const { actor = managerOf('org'), tags, ...changes } = told
  const request: ChatRequest = {
    model,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello there' }] }],
    stream: false,
    ...changes,
  }
  return chatQuery(request, { actor, door: 'rest', hints, tags, user: request.endUserId })
}

/** An attempt at a deployment that failed so. */
export function fail({ deps }: RouteScene, deployment: Deployment, code: ErrorCode): void {
  const error = new GatewayError({ code, message: 'as the test wants it' })
  deps.states.begin(deployment).end(record({ status: 'failed', errorCode: code }), error)
}

/** An attempt whose first token came after so long. */
export function succeed({ deps }: RouteScene, deployment: Deployment, ttftMs: number): void {
  const running = deps.states.begin(deployment)
  running.firstContent(ttftMs)
  running.end(record({ status: 'succeeded' }))
}

function record(changes: Pick<AttemptRecord, 'status' | 'errorCode'>): AttemptRecord {
  return {
    number: 1,
    provider: 'test',
    model: 'test/model',
    startedAt: new Date(0),
    latencyMs: 1,
    ...changes,
  }
}

/** Where a request goes, with the decision as it is read again. */
export function route(
  deps: RouteDeps,
  query: RouteQuery,
): Omit<Route, 'decision'> & { readonly decision: Decision | undefined } {
  const found = routed(deps, query)
  const { mode, affinity, priority } = found
  return {
    mode,
    affinity,
    priority,
    others: () => found.others(),
    reach: () => found.reach(),
    get candidates() {
      return found.candidates
    },
    get decision() {
      return found.decision === undefined ? undefined : parseDecision(found.decision)
    },
  }
}
