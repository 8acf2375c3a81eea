import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { signalOf } from '../../src/lib/ending.ts'
import { createAffinity } from '../../src/gateway/affinity.ts'
import { createHeadroom } from '../../src/gateway/headroom.ts'
import { createMetrics } from '../../src/gateway/metrics.ts'
import { createConcurrency } from '../../src/gateway/concurrency.ts'
import { createDeploymentStates } from '../../src/gateway/deployment-states.ts'
import { createHealthWatch } from '../../src/gateway/health-watch.ts'
import { createHealthMonitor } from '../../src/gateway/provider-health.ts'
import { withoutLimits } from '../support/without-limits.ts'
import { createRates } from '../../src/gateway/rates.ts'
import { createShutdown } from '../../src/gateway/shutdown.ts'
import { memoryLedger } from '../support/memory-ledger.ts'
import { setImmediate as tick } from 'node:timers/promises'
import { parse, type ExecutionResult } from 'graphql'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createCatalogue } from '../../src/gateway/catalogue.ts'
import type { GatewayDeps } from '../../src/gateway/deps.ts'
import { createContext } from '../../src/graphql/context.ts'
import { createEngine } from '../../src/graphql/engine.ts'
import type { ServiceDeps } from '../../src/services/deps.ts'
import { noEmbeddings } from '../support/no-embeddings.ts'
import { createScripts } from './scripts.ts'
import { usualProtection } from './support.ts'

const query = `subscription {
  completion(input: { model: "test/silent", messages: [{ role: USER, content: "Hi" }] }) { sequence }
}`

async function subscribe(signal: AbortSignal) {
  const logger = pino({ level: 'silent' })
  const scripts = createScripts()
  const gateway: GatewayDeps = {
    catalogue: createCatalogue({
      providers: scripts.providers,
      aliases: {},
      fallbacks: {},
      prices: new Map(),
    }),
    ledger: memoryLedger(),
    metrics: createMetrics({}),
    rates: createRates({ accountingCurrency: undefined, rates: [] }),
    health: createHealthMonitor(),
    healthWatch: createHealthWatch(createHealthMonitor()),
    states: createDeploymentStates({ breaker: undefined, cooldown: undefined }),
    rules: [],
    headroom: createHeadroom(),
    affinity: createAffinity(),
    random: Math.random,
    now: Date.now,
    concurrency: createConcurrency({ size: 1, waitMaxMs: 1 }),
    resilience: { retry: undefined, ejectionShare: undefined, priorities: new Map() },
    loadShed: { check: () => {} },
    shutdown: createShutdown(),
    limits: withoutLimits(),
    callUpstream: ({ provider, model }, request, options) => {
      if (!provider.generate) throw new Error('a test provider generates')
      return provider.generate(request, model, signalOf(options.signal))
    },
    countUpstream: async () => undefined,
    embedUpstream: noEmbeddings,
    logger,
  }
  const context = createContext(
    { gateway, services: {} as ServiceDeps, newRequestId: () => 'req_2', addressOf: () => '' },
    {
      actor: {
        kind: 'system',
        id: 'master-key',
        organization: 'org',
        tier: 'system',
        scopes: new Set(['ADMIN']),
        models: null,
      },
      message: new IncomingMessage(new Socket()),
      requestId: 'req_1',
      signal,
    },
  )
  const engine = createEngine({ logger, protection: usualProtection })
  const { schema, subscribe: run, contextFactory } = engine.getEnveloped(context)
  const results: AsyncGenerator<ExecutionResult> = await run({
    schema,
    document: parse(query),
    contextValue: await contextFactory(),
  })
  return { results, scripts }
}

test('return() ends the upstream call within a tick, while next() is pending', async () => {
  const { results, scripts } = await subscribe(new AbortController().signal)
  await results.next()
  await results.next()
  const pending = results.next()
  await tick()
  expect(scripts.ended()).toBe(0)
  void results.return(undefined)
  await tick()
  expect(scripts.ended()).toBe(1)
  expect(await pending).toEqual({ done: true, value: undefined })
})

test('the signal of the context does the same', async () => {
  const controller = new AbortController()
  const { results, scripts } = await subscribe(controller.signal)
  await results.next()
  await results.next()
  const pending = results.next()
  await tick()
  controller.abort()
  await tick()
  expect(scripts.ended()).toBe(1)
  expect(await pending).toEqual({ done: true, value: undefined })
})
