import { afterEach, describe, expect, test } from 'vitest'
import type { LedgerEntry } from '../../src/gateway/ledger.ts'
import { createMetrics, type Metrics, type MetricsSettings } from '../../src/gateway/metrics.ts'
import type { AttemptRecord } from '../../src/protocol/settlement.ts'
import { parseMetrics, sumOf } from '../support/metrics.ts'

const opened: Metrics[] = []
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.close()
})

function open(settings: MetricsSettings = {}) {
  const metrics = createMetrics(settings)
  opened.push(metrics)
  const samples = async () => parseMetrics(await metrics.render())
  const sum = async (name: string, labels?: Record<string, string>) =>
    sumOf(await samples(), `xrouter_${name}`, labels)
  return { metrics, samples, sum }
}

function attempt(over: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    number: 1,
    provider: 'p',
    model: 'p/m',
    status: 'succeeded',
    startedAt: new Date(0),
    latencyMs: 200,
    ...over,
  }
}

type Entry = Partial<Omit<LedgerEntry, 'settlement'>> & Partial<LedgerEntry['settlement']>

function entry({ status = 'succeeded', attempts = [attempt()], ...over }: Entry = {}): LedgerEntry {
  const last = attempts.at(-1)
  const answered = last?.status === 'succeeded' ? last : undefined
  const { provider, model } = answered ?? {}
  return {
    settlement: { requestId: 'req_secret', status, attempts, provider, model },
    organization: 'org_secret',
    apiKeyId: 'key_secret',
    createdAt: new Date(0),
    door: 'rest',
    requestedModel: 'typed-by-a-client',
    stream: true,
    latencyMs: 1_500,
    timeToFirstTokenMs: 120,
    tags: { team: 'tag_secret' },
    ...over,
  }
}

describe('metrics of a request', () => {
  test('count it, its attempts, tokens and cost, and measure its times', async () => {
    const { metrics, sum } = open({ models: ['a/x', 'p/m'] })
    const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 7, estimated: false }
    const cost = { currency: 'USD', nanos: 1_500_000n }
    const failed = attempt({
      provider: 'a',
      model: 'a/x',
      status: 'failed',
      errorCode: 'PROVIDER_TIMEOUT',
    })
    metrics.settled(entry({ attempts: [failed, attempt({ number: 2, usage, cost })] }))

    const answered = { door: 'rest', provider: 'p', model: 'p/m', status: 'succeeded' }
    expect(await sum('requests_total', { ...answered, stream: 'true' })).toBe(1)
    expect(await sum('attempts_total', { model: 'a/x', code: 'PROVIDER_TIMEOUT' })).toBe(1)
    expect(await sum('attempts_total', { model: 'p/m', status: 'succeeded', code: 'none' })).toBe(1)
    expect(await sum('tokens_total', { model: 'p/m', class: 'input' })).toBe(10)
    expect(await sum('tokens_total', { model: 'p/m', class: 'output' })).toBe(7)
    expect(await sum('tokens_total')).toBe(17)
    expect(await sum('cost_nanos_total', { model: 'p/m', currency: 'USD' })).toBe(1_500_000)
    expect(await sum('request_duration_seconds_sum', { door: 'rest' })).toBeCloseTo(1.5)
    expect(await sum('time_to_first_token_seconds_sum', { model: 'p/m' })).toBeCloseTo(0.12)
    expect(await sum('attempt_duration_seconds_sum', { provider: 'p' })).toBeCloseTo(0.2)
    expect(await sum('errors_total')).toBe(0)
  })

  test('a failure counts under its code, a cancel is no failure', async () => {
    const { metrics, sum } = open()
    metrics.settled(entry({ status: 'failed', attempts: [], errorCode: 'MODEL_NOT_FOUND' }))
    metrics.settled(entry({ status: 'cancelled', attempts: [], errorCode: 'CANCELLED' }))
    expect(await sum('errors_total', { door: 'rest', code: 'MODEL_NOT_FOUND' })).toBe(1)
    expect(await sum('errors_total')).toBe(1)
    expect(await sum('requests_total', { status: 'cancelled', model: 'none' })).toBe(1)
  })

  test('only a stream has a time to its first token', async () => {
    const { metrics, sum } = open()
    metrics.settled(entry({ stream: false }))
    expect(await sum('time_to_first_token_seconds_count')).toBe(0)
    expect(await sum('request_duration_seconds_count', { stream: 'false' })).toBe(1)
  })

  test('odd numbers of a provider never make counting fail', async () => {
    const { metrics, sum } = open()
    const usage = { inputTokens: -5, outputTokens: Number.NaN, estimated: false }
    const cost = { currency: 'USD', nanos: -1n }
    metrics.settled(entry({ attempts: [attempt({ usage, cost })] }))
    metrics.settled(
      entry({ attempts: [attempt({ usage: { inputTokens: Infinity, estimated: false } })] }),
    )
    expect(await sum('tokens_total')).toBe(0)
    expect(await sum('requests_total')).toBe(2)
  })
})

describe('labels are bounded', () => {
  test('no key, organisation, tag, request id or name that a client typed is in the output', async () => {
    const { metrics } = open()
    metrics.settled(entry())
    metrics.settled(entry({ status: 'failed', attempts: [], errorCode: 'MODEL_NOT_FOUND' }))
    expect(await metrics.render()).not.toMatch(/secret|typed-by/)
  })

  test('a model that is not known and has not answered is `other`', async () => {
    const { metrics, sum } = open({ models: ['p/known'] })
    const call = (model: string, status: AttemptRecord['status']) =>
      metrics.settled(entry({ status, attempts: [attempt({ model, status })] }))
    call('p/made-up', 'failed')
    call('p/known', 'failed')
    call('p/real', 'succeeded')
    call('p/real', 'failed')
    expect(await sum('attempts_total', { model: 'p/made-up' })).toBe(0)
    expect(await sum('attempts_total', { model: 'other' })).toBe(1)
    expect(await sum('attempts_total', { model: 'p/known' })).toBe(1)
    expect(await sum('attempts_total', { model: 'p/real' })).toBe(2)
  })

  test('ten thousand models make no more than five hundred and one', async () => {
    const { metrics, samples } = open()
    for (let index = 0; index < 10_000; index += 1) {
      metrics.settled(entry({ attempts: [attempt({ model: `p/${index}` })] }))
    }
    const models = new Set((await samples()).flatMap(({ labels }) => labels['model'] ?? []))
    expect(models.size).toBe(501)
    expect(models).toContain('other')
  })
})

describe('the gauges', () => {
  test('streams go up and down; the backlog is asked for; failures of the journal count', async () => {
    let backlog = 3
    const { metrics, sum } = open({ journalBacklog: () => backlog })
    metrics.streamOpened()
    metrics.streamOpened()
    metrics.streamClosed()
    metrics.journalFailed()
    expect(await sum('streams_open')).toBe(1)
    expect(await sum('journal_backlog')).toBe(3)
    backlog = 0
    expect(await sum('journal_backlog')).toBe(0)
    expect(await sum('journal_errors_total')).toBe(1)
  })

  test('the process and its event loop are in it, once', async () => {
    const { metrics, sum } = open()
    const text = await metrics.render()
    const names = text.split('\n').filter((line) => line.startsWith('# TYPE '))
    expect(new Set(names).size).toBe(names.length)
    expect(text).toContain('\nprocess_resident_memory_bytes ')
    expect(text).toContain('\nnodejs_heap_size_used_bytes ')
    expect(await sum('event_loop_delay_seconds', { quantile: '0.99' })).toBeGreaterThanOrEqual(0)
  })

  test('several gateways in one process count apart', async () => {
    const [one, two] = [open(), open()]
    one.metrics.settled(entry())
    expect(await one.sum('requests_total')).toBe(1)
    expect(await two.sum('requests_total')).toBe(0)
  })
})

test('counting a request costs microseconds', () => {
  const { metrics } = open()
  const usage = { inputTokens: 10, outputTokens: 7, estimated: false }
  const sample = entry({ attempts: [attempt({ usage, cost: { currency: 'USD', nanos: 1n } })] })
  for (let index = 0; index < 5_000; index += 1) metrics.settled(sample)
  const startedAt = performance.now()
  for (let index = 0; index < 20_000; index += 1) metrics.settled(sample)
  const each = ((performance.now() - startedAt) / 20_000) * 1_000
  console.log(`metrics: ${each.toFixed(1)} µs for each settled request`)
  expect(each).toBeLessThan(100)
})
