import { describe, expect, test } from 'vitest'
import { CounterFamily, HistogramFamily } from '../../src/lib/prometheus.ts'

describe('a counter', () => {
  const open = () =>
    new CounterFamily({ name: 'asked_total', help: 'Asked.', labelNames: ['door', 'status'] })

  test('shows each of its series with its labels in their order', () => {
    const family = open()
    const first = family.with({ status: 'ok', door: 'rest' })
    first.value += 2
    family.with({ door: 'graphql', status: 'failed' }).value += 0.5
    expect(family.text()).toBe(
      '# HELP asked_total Asked.\n# TYPE asked_total counter\n' +
        'asked_total{door="rest",status="ok"} 2\nasked_total{door="graphql",status="failed"} 0.5\n',
    )
  })

  test('gives the same series for the same labels', () => {
    const family = open()
    expect(family.with({ door: 'a', status: 'b' })).toBe(family.with({ status: 'b', door: 'a' }))
    expect(family.with({ door: 'a', status: 'b' })).not.toBe(
      family.with({ door: 'b', status: 'a' }),
    )
  })

  test('keeps labels apart that only look like two', () => {
    const family = open()
    family.with({ door: 'a",status="b', status: 'c' }).value = 1
    family.with({ door: 'new\nline', status: 'back\\slash' }).value = 2
    expect(family.text()).toContain('asked_total{door="a\\",status=\\"b",status="c"} 1\n')
    expect(family.text()).toContain('asked_total{door="new\\nline",status="back\\\\slash"} 2\n')
  })

  test('shows what it is before it has a series', () => {
    expect(open().text()).toBe('# HELP asked_total Asked.\n# TYPE asked_total counter\n')
  })
})

describe('a histogram', () => {
  const family = new HistogramFamily(
    { name: 'took_seconds', help: 'Took.', labelNames: ['door'] },
    [0.1, 1],
  )

  test('counts a value in its bucket and in all above; a bound belongs to its bucket', () => {
    const series = family.with({ door: 'rest' })
    for (const value of [0, 0.1, 0.5, 1, 7]) series.observe(value)
    expect(family.text().split('\n')).toEqual([
      '# HELP took_seconds Took.',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{le="0.1",door="rest"} 2',
      'took_seconds_bucket{le="1",door="rest"} 4',
      'took_seconds_bucket{le="+Inf",door="rest"} 5',
      'took_seconds_sum{door="rest"} 8.6',
      'took_seconds_count{door="rest"} 5',
      '',
    ])
    expect(family.with({ door: 'rest' })).toBe(series)
  })
})
