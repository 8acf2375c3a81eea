import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ErrorCode } from '../errors.ts'
import type { LimitScope } from '../protocol/limit.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import { tokenClasses, tokenClassWords } from '../protocol/usage.ts'
import type { LedgerEntry } from './ledger.ts'

/** What an operator's Prometheus reads. No label holds a key, a tag, a request id or what a client typed. */
export interface Metrics {
  /** Counts a request that has ended. */
  settled(entry: LedgerEntry): void
  streamOpened(): void
  streamClosed(): void
  journalFailed(): void
  /** Counts a request that a limit refused. */
  limited(scope: LimitScope, code: ErrorCode): void
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
  /** Reservations of limits that are open. */
  reservations?: () => number
  /** Ids of the models that the gateway knows; any other gets a label of its own only once it has answered. */
  models?: Iterable<string>
}

/** Models beside the known ones that get a label of their own; the rest are `other`. */
const furtherModelsMax = 500
const none = 'none'
const eventLoopResolutionMs = 20
const firstTokenBuckets = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60]
const durationBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 900]

export function createMetrics(settings: MetricsSettings): Metrics {
  const registry = new Registry()
  const { streamsOpen, journalErrors, cacheErrors, ...meters } = createMeters(registry)
  const modelLabel = createModelLabels(settings.models ?? [])
  const stopEventLoop = watchEventLoop(registry)
  const { journalBacklog, reservations } = settings
  if (journalBacklog) watchCount(registry, journalBacklog, backlogGauge)
  if (reservations) watchCount(registry, reservations, reservationsGauge)

  return {
    settled: (entry) => {
      const { settlement, door, stream, timeToFirstTokenMs } = entry
      for (const attempt of settlement.attempts) countAttempt(meters, attempt, modelLabel(attempt))
      const { provider = none, status, cache } = settlement
      const model = settlement.model ? modelLabel(answeringOf(settlement.model, entry)) : none
      if (cache) meters.cache.inc({ result: cache, door })
      const streamed = String(stream)
      meters.requests.inc({ door, provider, model, status, stream: streamed })
      meters.requestSeconds.observe({ door, stream: streamed, status }, entry.latencyMs / 1000)
      if (status === 'failed') meters.errors.inc({ door, code: entry.errorCode ?? none })
      // The first token of an answer that is not streamed comes with its last.
      if (stream && timeToFirstTokenMs !== undefined && cache !== 'hit') {
        meters.firstTokenSeconds.observe({ provider, model }, timeToFirstTokenMs / 1000)
      }
    },
    streamOpened: () => streamsOpen.inc(),
    streamClosed: () => streamsOpen.dec(),
    journalFailed: () => journalErrors.inc(),
    limited: (scope, code) => meters.limited.inc({ scope, code }),
    cacheFailed: () => cacheErrors.inc(),
    watchCache: (size) => watchCacheSize(registry, size),
    render: async () => (await registry.metrics()) + (await processRegistry().metrics()),
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

type Meters = Omit<ReturnType<typeof createMeters>, 'streamsOpen' | 'journalErrors' | 'cacheErrors'>

function countAttempt(meters: Meters, attempt: AttemptRecord, model: string): void {
  const { provider, status, usage, cost } = attempt
  meters.attempts.inc({ provider, model, status, code: attempt.errorCode ?? none })
  meters.attemptSeconds.observe({ provider, status }, attempt.latencyMs / 1000)
  for (const tokenClass of tokenClasses) {
    const count = usage?.[tokenClass] ?? 0
    // A counter throws at a negative number and at one that is none.
    if (count > 0 && Number.isFinite(count))
      meters.tokens.inc({ provider, model, class: tokenClassWords[tokenClass] }, count)
  }
  if (cost && cost.nanos > 0n) {
    meters.costNanos.inc({ provider, model, currency: cost.currency }, Number(cost.nanos))
  }
}

function createMeters(registry: Registry) {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `xrouter_${name}`, help, labelNames, registers: [registry] })
  const seconds = <Label extends string>(
    name: string,
    help: string,
    { buckets, labelNames }: { buckets: number[]; labelNames: Label[] },
  ) => new Histogram({ name: `xrouter_${name}`, help, labelNames, buckets, registers: [registry] })
  return {
    requests: counter(
      'requests_total',
      'Completions that have ended, by the model that answered.',
      [...(['door', 'provider', 'model', 'status', 'stream'] as const)],
    ),
    errors: counter('errors_total', 'Completions that failed, by error code.', ['door', 'code']),
    limited: counter(
      'limited_total',
      'Requests that a limit or a budget refused, by what it is put on.',
      [...(['scope', 'code'] as const)],
    ),
    attempts: counter('attempts_total', 'Calls of a provider, several where one failed over.', [
      ...(['provider', 'model', 'status', 'code'] as const),
    ]),
    tokens: counter('tokens_total', 'Tokens of all attempts, in disjoint classes.', [
      ...(['provider', 'model', 'class'] as const),
    ]),
    costNanos: counter(
      'cost_nanos_total',
      'Cost of all attempts in 1e-9 of the currency. Approximate (a floating-point sum): the ledger is exact.',
      ['provider', 'model', 'currency'],
    ),
    firstTokenSeconds: seconds(
      'time_to_first_token_seconds',
      'From the arrival of a streamed request to its first content.',
      { buckets: firstTokenBuckets, labelNames: ['provider', 'model'] },
    ),
    requestSeconds: seconds(
      'request_duration_seconds',
      'From the arrival of a request to the end of its answer.',
      { buckets: durationBuckets, labelNames: ['door', 'stream', 'status'] },
    ),
    attemptSeconds: seconds(
      'attempt_duration_seconds',
      'From the call of a provider to the end of its answer.',
      { buckets: durationBuckets, labelNames: ['provider', 'status'] },
    ),
    cache: counter(
      'cache_requests_total',
      'Completions for which the cache of answers was asked: hit, miss or bypass.',
      ['result', 'door'],
    ),
    cacheErrors: counter('cache_errors_total', 'Failures of the store of answers.', []),
    journalErrors: counter('journal_errors_total', 'Journal writes that failed.', []),
    streamsOpen: new Gauge({
      name: 'xrouter_streams_open',
      help: 'Completions under way, streamed or not.',
      registers: [registry],
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
