import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { CounterFamily, HistogramFamily } from '../lib/prometheus.ts'
import type { AttemptRecord } from '../protocol/settlement.ts'
import { tokenClasses, tokenClassWords, type TokenClass } from '../protocol/usage.ts'
import type { LedgerEntry } from './ledger.ts'

/** What an operator's Prometheus reads. No label holds a key, a tag, a request id or what a client typed. */
export interface Metrics {
  /** Counts a request that has ended. */
  settled(entry: LedgerEntry): void
  streamOpened(): void
  streamClosed(): void
  journalFailed(): void
  /** Everything in Prometheus' text format. */
  render(): Promise<string>
  contentType: string
  /** Stops what measures by itself. */
  close(): void
}

export interface MetricsSettings {
  /** Settled requests that the database does not have yet. */
  journalBacklog?: () => number
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
  const { streamsOpen, journalErrors } = createGauges(registry)
  const families = createFamilies()
  const modelLabel = createModelLabels(settings.models ?? [])
  const seriesOfRequest = createRequestSeries(families)
  const seriesOfAttempt = createAttemptSeries(families)
  const stopEventLoop = watchEventLoop(registry)
  const { journalBacklog } = settings
  if (journalBacklog) watchBacklog(registry, journalBacklog)

  return {
    settled: (entry) => {
      const { settlement, door, stream, timeToFirstTokenMs } = entry
      for (const attempt of settlement.attempts) {
        const { provider, status, errorCode: code = none } = attempt
        const series = seriesOfAttempt({ provider, model: modelLabel(attempt), status, code })
        countAttempt(series, attempt)
      }
      const { provider = none, status } = settlement
      const answering = settlement.attempts.at(-1)
      const model = answering && settlement.model ? modelLabel(answering) : none
      const series = seriesOfRequest({ door, provider, model, status, stream: String(stream) })
      series.requests.value += 1
      series.seconds.observe(entry.latencyMs / 1000)
      if (status === 'failed') {
        families.errors.with({ door, code: entry.errorCode ?? none }).value += 1
      }
      // The first token of an answer that is not streamed comes with its last.
      if (stream && timeToFirstTokenMs !== undefined) {
        series.firstTokenSeconds().observe(timeToFirstTokenMs / 1000)
      }
    },
    streamOpened: () => streamsOpen.inc(),
    streamClosed: () => streamsOpen.dec(),
    journalFailed: () => journalErrors.inc(),
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

type Families = ReturnType<typeof createFamilies>
type AttemptSeries = ReturnType<ReturnType<typeof createAttemptSeries>>
type RequestLabels = Record<'door' | 'provider' | 'model' | 'status' | 'stream', string>
type AttemptLabels = Record<'provider' | 'model' | 'status' | 'code', string>

/** The series in which requests of a kind are counted, looked up once for all of them. */
function createRequestSeries({ requests, requestSeconds, firstTokenSeconds }: Families) {
  return remembered(
    ({ door, provider, model, status, stream }: RequestLabels) =>
      `${door} ${stream} ${status} ${provider} ${model}`,
    (labels) => ({
      requests: requests.with(labels),
      seconds: requestSeconds.with(labels),
      firstTokenSeconds: later(() => firstTokenSeconds.with(labels)),
    }),
  )
}

/** The same of attempts. */
function createAttemptSeries({ attempts, attemptSeconds, tokens, costNanos }: Families) {
  return remembered(
    ({ provider, model, status, code }: AttemptLabels) => `${status} ${code} ${provider} ${model}`,
    (labels) => ({
      attempts: attempts.with(labels),
      seconds: attemptSeconds.with(labels),
      tokens: remembered(
        (tokenClass: TokenClass) => tokenClass,
        (tokenClass) => tokens.with({ ...labels, class: tokenClassWords[tokenClass] }),
      ),
      costNanos: remembered(
        (currency: string) => currency,
        (currency) => costNanos.with({ ...labels, currency }),
      ),
    }),
  )
}

/** What `make` made before for the same key. */
function remembered<Input, Made>(
  keyOf: (input: Input) => string,
  make: (input: Input) => Made,
): (input: Input) => Made {
  const known = new Map<string, Made>()
  return (input) => {
    const key = keyOf(input)
    let made = known.get(key)
    if (made === undefined) known.set(key, (made = make(input)))
    return made
  }
}

/** What is made when it is first asked for. */
function later<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}

/** Counted on the path of every request, so that their series are at hand. */
function createFamilies() {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new CounterFamily({ name: `xrouter_${name}`, help, labelNames })
  const seconds = <Label extends string>(
    name: string,
    help: string,
    { buckets, labelNames }: { buckets: number[]; labelNames: Label[] },
  ) => new HistogramFamily({ name: `xrouter_${name}`, help, labelNames }, buckets)
  return {
    requests: counter(
      'requests_total',
      'Completions that have ended, by the model that answered.',
      [...(['door', 'provider', 'model', 'status', 'stream'] as const)],
    ),
    errors: counter('errors_total', 'Completions that failed, by error code.', ['door', 'code']),
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
  }
}

function createGauges(registry: Registry) {
  const registers = [registry]
  return {
    journalErrors: new Counter({
      name: 'xrouter_journal_errors_total',
      help: 'Journal writes that failed.',
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

function watchBacklog(registry: Registry, journalBacklog: () => number): void {
  const gauge: Gauge = new Gauge({
    name: 'xrouter_journal_backlog',
    help: 'Ended requests that are in the journal and not in the database yet.',
    registers: [registry],
    collect: () => gauge.set(journalBacklog()),
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
