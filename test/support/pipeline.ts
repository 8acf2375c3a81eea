import { flat } from '../../src/lib/flat.ts'
import { pino } from 'pino'
import { accounted } from '../../src/gateway/accounted.ts'
import { attempt } from '../../src/gateway/attempt.ts'
import type { AttemptMode } from '../../src/gateway/attempt-plan.ts'
import type { RoutingHints } from '../../src/gateway/call.ts'
import { createCatalogue } from '../../src/gateway/catalogue.ts'
import { createConcurrency } from '../../src/gateway/concurrency.ts'
import { costOf } from '../../src/gateway/cost.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import type { GatewayDeps } from '../../src/gateway/deps.ts'
import { estimateUsage, expectedUsage } from '../../src/gateway/estimate.ts'
import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import { createMetrics } from '../../src/gateway/metrics.ts'
import { createHealthWatch } from '../../src/gateway/health-watch.ts'
import { createAffinity } from '../../src/gateway/affinity.ts'
import { createHeadroom } from '../../src/gateway/headroom.ts'
import { createHealthMonitor } from '../../src/gateway/provider-health.ts'
import { createRates } from '../../src/gateway/rates.ts'
import { createShutdown } from '../../src/gateway/shutdown.ts'
import { openTicket } from '../../src/gateway/ticket.ts'
import { openUpstreams } from '../../src/gateway/upstream.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import { openaiCompatible } from '../../src/providers/openai-compatible.ts'
import { managerOf } from './actors.ts'
import { orderOf } from './deployment.ts'
import { memoryLedger } from './memory-ledger.ts'
import type { OpenaiSimulator } from './simulators/openai.ts'
import { withoutLimits } from './without-limits.ts'

const connection = {
  timeoutConnectMs: 5_000,
  timeoutFirstByteMs: 30_000,
  timeoutIdleMs: 30_000,
  timeoutTotalMs: 60_000,
}
const perMillion = { inputTokens: '1', outputTokens: '10' }

export interface Pipeline {
  deps: GatewayDeps
  ledger: LedgerEntry[]
  /** One streamed completion over these providers, in this order. */
  run: (options: {
    models: readonly string[]
    mode?: AttemptMode
    hints?: RoutingHints
    signal?: AbortSignal
  }) => AsyncGenerator<ChatEvent>
  close: () => Promise<void>
}

/** The steps from a plan to the ledger over real sockets, without doors and a database; a provider for each name. */
export function openPipeline(
  simulators: Readonly<Record<string, OpenaiSimulator>>,
  settings: Partial<Pick<GatewayDeps, 'states' | 'resilience'>> & { maxConcurrent?: number } = {},
): Pipeline {
  const { maxConcurrent, ...given } = settings
  const providers = Object.entries(simulators).map(([id, { url }]) => ({
    ...openaiCompatible.create(id, { base_url: url, api_key: 'sk-simulated' }, connection),
    maxConcurrent,
  }))
  const price = { currency: 'USD', perMillion, source: 'test' }
  const prices = new Map(providers.map(({ id }) => [`${id}/gpt-4o`, price]))
  const headroom = createHeadroom()
  const upstreams = openUpstreams(providers, headroom)
  const ledger: LedgerEntry[] = []
  const deps: GatewayDeps = {
    catalogue: createCatalogue({ providers, aliases: {}, fallbacks: {}, prices }),
    ledger: memoryLedger(ledger),
    metrics: createMetrics({}),
    health: createHealthMonitor(),
    healthWatch: createHealthWatch(createHealthMonitor()),
    rates: createRates({ accountingCurrency: undefined, rates: [] }),
    states: createDeploymentStates({ breaker: undefined, cooldown: undefined }),
    rules: [],
    concurrency: createConcurrency({ size: 2, waitMaxMs: 5_000 }),
    resilience: { retry: undefined, ejectionShare: undefined, priorities: new Map() },
    headroom,
    affinity: createAffinity(),
    random: Math.random,
    now: Date.now,
    loadShed: { check: () => {} },
    shutdown: createShutdown(),
    limits: withoutLimits(),
    callUpstream: upstreams.call,
    countUpstream: upstreams.count,
    embedUpstream: upstreams.embed,
    logger: pino({ level: 'silent' }),
    ...given,
  }
  let requests = 0
  return {
    deps,
    ledger,
    run: ({ models, mode = { kind: 'ordered' }, hints = {}, signal }) => {
      const [model = ''] = models
      const request: ChatRequest = { model, stream: true, messages: [question], maxTokens: 10 }
      const deployments = models.map((name) => deps.catalogue.resolve(name))
      const call = {
        requestId: `req_${++requests}`,
        actor: managerOf('org_test'),
        door: 'rest' as const,
        hints,
        signal: signal ?? new AbortController().signal,
      }
      const lists = accounted(deps, call, {
        open: (inner) =>
          openTicket({
            call: inner,
            model,
            stream: true,
            estimate: (produced) => estimateUsage(request, produced),
          }),
        steps: (ticket) =>
          attempt(deps, { order: orderOf(deployments), mode }, ticket, {
            losses: () => [],
            events: (deployment, options) => deps.callUpstream(deployment, request, options),
            cost: async (deployment) => costOf(deployment.price, await expectedUsage(request)),
          }),
      })
      return flat(lists)
    },
    close: async () => {
      deps.metrics.close()
      await upstreams.close()
    },
  }
}

const question = { role: 'user' as const, parts: [{ type: 'text' as const, text: 'hello there' }] }

/** All events of an answer, and its text. */
export async function read(events: AsyncIterable<ChatEvent>) {
  const all: ChatEvent[] = []
  for await (const event of events) all.push(event)
  const text = all.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
  return { all, text, types: all.map(({ type }) => type), last: all.at(-1) }
}
