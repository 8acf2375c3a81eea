import { CounterFamily, HistogramFamily } from '../lib/prometheus.ts'
import { tokenClassWords, type TokenClass } from '../protocol/usage.ts'

const firstTokenBuckets = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60]
const durationBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 900]

export type Families = ReturnType<typeof createFamilies>
export type AttemptSeries = ReturnType<ReturnType<typeof createAttemptSeries>>

type RequestLabels = Record<'door' | 'provider' | 'model' | 'status' | 'stream', string>
type AttemptLabels = Record<'provider' | 'model' | 'status' | 'code', string>

/** What is counted of every request: with labels that are looked up each time it would cost as much as the log. */
export function createFamilies() {
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
    cache: counter(
      'cache_requests_total',
      'Completions for which the cache of answers was asked: hit, miss or bypass.',
      ['result', 'door'],
    ),
  }
}

/** The series in which requests of a kind are counted, looked up once for all of them. */
export function createRequestSeries({ requests, requestSeconds, firstTokenSeconds }: Families) {
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
export function createAttemptSeries({ attempts, attemptSeconds, tokens, costNanos }: Families) {
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
