import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { ErrorCode } from '../errors.ts'
import type { Meter } from './limits/meter.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import { tokenClasses } from '../protocol/usage.ts'
import type { LedgerEntry } from './ledger.ts'
import type { PriorityWord } from './load-shed.ts'
import {
  createAttemptSeries,
  createFamilies,
  createRequestSeries,
  type AttemptSeries,
} from './metric-series.ts'

/** What an operator's Prometheus reads. No label holds a key, a tag, a request id or what a client typed. */
export interface Metrics {
  /** Counts a request that has ended. */
  settled(entry: LedgerEntry): void
  streamOpened(): void
  streamClosed(): void
  journalFailed(): void
  /** Counts a request that a limit refused. */
  limited(by: Pick<Meter, 'scope' | 'kind'> | undefined, code: ErrorCode): void
  /** Counts a request that was refused because this process is behind with its work. */
  shed(priority: PriorityWord): void
  /** Counts an attempt to tell an endpoint of an event. */
  webhookSent(event: string, result: 'delivered' | 'retried' | 'failed'): void
  /** Counts a failure of the store of answers. */
  cacheFailed(): void
  /** What the store of answers holds in this process, where it holds any. */
  watchCache(size: () => { entries: number; bytes: number } | undefined): void
  /** Everything in Prometheus' text format. */
  render(): Promise<string>
  contentType: string
  /** Stops what measures by itself. */
  close(): void
}

export interface MetricsSettings {
  /** Settled requests that the database does not have yet. */
  journalBacklog?: () => number
  /** Events that are not in the database yet. */
  eventsWaiting?: () => number
  /** Reservations of limits that are open. */
  reservations?: () => number
  /** Ids of the models that the gateway knows; any other gets a label of its own only once it has answered. */
  models?: Iterable<string>
}

/** Models beside the known ones that get a label of their own; the rest are `other`. */
const furtherModelsMax = 500
const none = 'none'
const eventLoopResolutionMs = 20

export function createMetrics(settings: MetricsSettings): Metrics {
  const registry = new Registry()
  const { streamsOpen, journalErrors, cacheErrors, limited, shed, webhooks } =
    createMeters(registry)
  const families = createFamilies()
  const seriesOfRequest = createRequestSeries(families)
  const seriesOfAttempt = createAttemptSeries(families)
  const modelLabel = createModelLabels(settings.models ?? [])
  const stopEventLoop = watchEventLoop(registry)
  const { journalBacklog, reservations, eventsWaiting } = settings
  if (journalBacklog) watchCount(registry, journalBacklog, backlogGauge)
  if (reservations) watchCount(registry, reservations, reservationsGauge)
  if (eventsWaiting) watchCount(registry, eventsWaiting, eventsGauge)

  return {
    settled: (entry) => {
      const { settlement, door, stream, timeToFirstTokenMs } = entry
      for (const attempt of settlement.attempts) {
        const { provider, status, errorCode: code = none } = attempt
        const series = seriesOfAttempt({ provider, model: modelLabel(attempt), status, code })
        countAttempt(series, attempt)
      }
      const { provider = none, status, cache } = settlement
      const model = settlement.model ? modelLabel(answeringOf(settlement.model, entry)) : none
      if (cache) families.cache.with({ result: cache, door }).value += 1
      const series = seriesOfRequest({ door, provider, model, status, stream: String(stream) })
      series.requests.value += 1
      series.seconds.observe(entry.latencyMs / 1000)
      if (status === 'failed') {
        families.errors.with({ door, code: entry.errorCode ?? none }).value += 1
      }
      // The first token of an answer that is not streamed comes with its last.
      if (stream && timeToFirstTokenMs !== undefined && cache !== 'hit') {
        series.firstTokenSeconds().observe(timeToFirstTokenMs / 1000)
      }
    },
    streamOpened: () => streamsOpen.inc(),
    streamClosed: () => streamsOpen.dec(),
    journalFailed: () => journalErrors.inc(),
    limited: (by, code) => limited.inc({ scope: by?.scope ?? '', kind: by?.kind ?? '', code }),
    shed: (priority) => shed.inc({ priority }),
    webhookSent: (event, result) => webhooks.inc({ event, result }),
    cacheFailed: () => cacheErrors.inc(),
    watchCache: (size) => watchCacheSize(registry, size),
    render: async () => {
      const counted = Object.values(families).map((family) => family.text())
      return counted.join('') + (await registry.metrics()) + (await processRegistry().metrics())
    },
    contentType: registry.contentType,
    close: () => {
      stopEventLoop()
      registry.clear()
    },
  }
}

/** What is known of the model of an answer: that of a kept one has answered before. */
function answeringOf(
  model: string,
  { settlement }: LedgerEntry,
): Pick<AttemptRecord, 'model' | 'status'> {
  const answering = settlement.attempts.findLast((attempt) => attempt.model === model)
  return answering ?? { model, status: 'succeeded' }
}

function countAttempt(series: AttemptSeries, { latencyMs, usage, cost }: AttemptRecord): void {
  series.attempts.value += 1
  series.seconds.observe(latencyMs / 1000)
  for (const tokenClass of tokenClasses) {
    const count = usage?.[tokenClass] ?? 0
    // A provider may report a negative number, or one that is none.
    if (count > 0 && Number.isFinite(count)) series.tokens(tokenClass).value += count
  }
  if (cost && cost.nanos > 0n) series.costNanos(cost.currency).value += Number(cost.nanos)
}

function createMeters(registry: Registry) {
  const registers = [registry]
  const counter = (name: string, help: string) =>
    new Counter({ name: `xrouter_${name}`, help, registers })
  return {
    cacheErrors: counter('cache_errors_total', 'Failures of the store of answers.'),
    journalErrors: counter('journal_errors_total', 'Journal writes that failed.'),
    limited: new Counter({
      name: 'xrouter_limited_total',
      help: 'Requests that a limit or a budget refused, by what it is put on and what it counts.',
      labelNames: ['scope', 'kind', 'code'],
      registers,
    }),
    shed: new Counter({
      name: 'xrouter_shed_total',
      help: 'Requests that were refused because this process was behind with its work.',
      labelNames: ['priority'],
      registers,
    }),
    webhooks: new Counter({
      name: 'xrouter_webhook_attempts_total',
      help: 'Attempts to tell an endpoint of an event, by what came of them.',
      labelNames: ['event', 'result'],
      registers,
    }),
    streamsOpen: new Gauge({
      name: 'xrouter_streams_open',
      help: 'Completions under way, streamed or not.',
      registers,
    }),
  }
}

/** A provider of open models is called with whatever a client typed: only a name that answered is believed. */
function createModelLabels(known: Iterable<string>) {
  const labels = new Set(known)
  const max = labels.size + furtherModelsMax
  return ({ model, status }: Pick<AttemptRecord, 'model' | 'status'>): string => {
    if (labels.has(model)) return model
    if (status !== 'succeeded' || labels.size >= max) return 'other'
    labels.add(model)
    return model
  }
}

function watchCacheSize(registry: Registry, size: Parameters<Metrics['watchCache']>[0]): void {
  const gauge = (name: 'entries' | 'bytes', help: string): Gauge => {
    const made: Gauge = new Gauge({
      name: `xrouter_cache_${name}`,
      help,
      registers: [registry],
      collect: () => made.set(size()?.[name] ?? 0),
    })
    return made
  }
  gauge('entries', 'Answers that this process keeps.')
  gauge('bytes', 'What these take of its memory.')
}

const backlogGauge = {
  name: 'xrouter_journal_backlog',
  help: 'Ended requests that are in the journal and not in the database yet.',
}
const eventsGauge = {
  name: 'xrouter_events_waiting',
  help: 'Events of webhooks that are not in the database yet.',
}
const reservationsGauge = {
  name: 'xrouter_limit_reservations_open',
  help: 'Requests of this process that hold something of a limit.',
}

function watchCount(
  registry: Registry,
  count: () => number,
  described: { name: string; help: string },
): void {
  const gauge: Gauge = new Gauge({
    ...described,
    registers: [registry],
    collect: () => gauge.set(count()),
  })
}

function watchEventLoop(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: eventLoopResolutionMs })
  delay.enable()
  const gauge = new Gauge({
    name: 'xrouter_event_loop_delay_seconds',
    help: 'How late timers ran since the last scrape.',
    labelNames: ['quantile'],
    registers: [registry],
    collect: () => {
      for (const quantile of [0.5, 0.9, 0.99, 1]) {
        const lateMs = delay.percentile(quantile * 100) / 1e6 - eventLoopResolutionMs
        gauge.set({ quantile: String(quantile) }, Math.max(0, lateMs) / 1000)
      }
      delay.reset()
    },
  })
  return () => delay.disable()
}

let sharedProcessRegistry: Registry | undefined

/** `process_*` and `nodejs_*` are the process's, which may hold several gateways, and cannot be stopped. */
function processRegistry(): Registry {
  if (!sharedProcessRegistry) {
    sharedProcessRegistry = new Registry()
    collectDefaultMetrics({ register: sharedProcessRegistry })
  }
  return sharedProcessRegistry
}
