import { describe, expect, test } from 'vitest'
import type { Measured } from '../../scripts/bench/measure.ts'
import { readStamps, stampNow } from '../../scripts/bench/stamp.ts'
import { formatTable, measuredTable } from '../../scripts/bench/table.ts'
import { answer, rows, type Row } from '../../scripts/bench/workload.ts'

function rowOf(id: Row['id']): Row {
  const row = rows.find((each) => each.id === id)
  if (!row) throw new Error(`there is no row ${id}`)
  return row
}

const latencies = {
  gateway: { p50Ms: 0.5, p99Ms: 2 },
  proxy: { p50Ms: 0.25, p99Ms: 1.125 },
  perSecond: 1234.4,
}

describe('a table', () => {
  test('has its columns under each other, the first to the left and the others to the right', () => {
    const text = formatTable([
      ['', 'one', 'two'],
      ['a row', '1', '22222'],
    ])
    expect(text).toBe('       one    two\na row    1  22222')
  })

  test('shows what was measured of our own process', () => {
    const measured: Measured = {
      row: rowOf('rest-json'),
      gateway: { perSecond: 2468.2, cpuUs: 150.04, workersUs: 0, residentMb: 180.4 },
      proxy: { perSecond: 5000, cpuUs: 75, workersUs: 0, residentMb: 90 },
      ratio: { median: 2.0005, from: 1.9, to: 2.126 },
      added: latencies,
    }
    const [, line = ''] = measuredTable([measured]).split('\n')
    expect(line.split(/ {2,}/)).toEqual([
      'REST JSON',
      '150.0 µs/request',
      '75.0 µs',
      '2.00',
      '1.90–2.13',
      '-',
      '0.50 ms',
      '2.00 ms',
      '0.25 ms',
      '1.13 ms',
      '1234/s',
      '180 MB',
      '2468/s',
    ])
  })

  test('has dashes for what cannot be known of a server elsewhere', () => {
    const measured: Measured = {
      row: rowOf('rest-sse'),
      gateway: { perSecond: 10 },
      proxy: { perSecond: 10, cpuUs: 30, workersUs: 0, residentMb: 80 },
      added: latencies,
    }
    const [, line = ''] = measuredTable([measured]).split('\n')
    const cells = line.split(/ {2,}/)
    expect([cells[1], cells[3], cells[4], cells[11]]).toEqual(['-/token', '-', '-', '-'])
  })

  test('says what a row takes more than the work beside it, as a part of the proxy', () => {
    const measured: Measured = {
      row: rowOf('rest-routed'),
      gateway: { perSecond: 10, cpuUs: 160, workersUs: 0, residentMb: 200 },
      proxy: { perSecond: 10, cpuUs: 50, workersUs: 0, residentMb: 80 },
      ratio: { median: 3.2, from: 3, to: 3.5 },
      beside: {
        title: 'REST JSON',
        shown: { perSecond: 11, cpuUs: 151 },
        more: { median: 0.18, from: 0.1, to: 0.2 },
      },
      added: latencies,
    }
    expect(measuredTable([measured]).split('\n').at(-1)).toBe(
      'REST JSON, 200 deployments: 160.0 µs against 151.0 µs of REST JSON: 0.18 (0.10–0.20) of the bare proxy more',
    )
    const elsewhere = { ...measured, beside: { title: 'REST JSON', shown: { perSecond: 11 } } }
    expect(measuredTable([elsewhere])).toContain('160.0 µs against - of REST JSON: - of the bare')
  })

  test('shows the time of the embedded database apart', () => {
    const measured: Measured = {
      row: rowOf('rest-json'),
      gateway: { perSecond: 10, cpuUs: 100, workersUs: 85.94, residentMb: 500 },
      proxy: { perSecond: 10, cpuUs: 50, workersUs: 0, residentMb: 80 },
      ratio: { median: 2, from: 2, to: 2 },
      added: latencies,
    }
    expect(measuredTable([measured])).toContain('85.9 µs')
  })
})

describe('the work', () => {
  test('asks with some 200 bytes and is answered with some 700', () => {
    const work = rowOf('rest-json').work('openai/gpt-4o-mini')
    if (work.kind !== 'request') throw new Error('another kind of work')
    expect(work.body?.length).toBeGreaterThan(190)
    expect(work.body?.length).toBeLessThan(260)
    expect(Math.abs(answer.length - 700)).toBeLessThan(60)
  })

  test('of every row names the model that it is given', () => {
    for (const row of rows.filter(({ id }) => id !== 'models' && id !== 'rest-routed')) {
      expect(JSON.stringify(row.work('some/model'))).toContain('some/model')
    }
  })
})

describe('tokens that tell when they were sent', () => {
  test('are counted, each with its age', () => {
    const ages: number[] = []
    const text = `data: ${stampNow()} data: ${stampNow()}`
    expect(readStamps(text, (ageMs) => ages.push(ageMs))).toBe(2)
    expect(ages).toHaveLength(2)
    for (const age of ages) expect(age).toBeGreaterThanOrEqual(0)
  })

  test('are not found in other text', () => {
    expect(readStamps('data: [DONE]', () => {})).toBe(0)
  })
})
