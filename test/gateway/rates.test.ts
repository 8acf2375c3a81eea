import { describe, expect, test } from 'vitest'
import { createRates } from '../../src/gateway/rates.ts'
import type { RateSnapshot } from '../../src/protocol/settlement.ts'

const rate = (changes: Partial<RateSnapshot>): RateSnapshot => ({
  from: 'USD',
  to: 'RUB',
  rate: '90',
  validFrom: '2026-01-01T00:00:00.000Z',
  source: 'test',
  ...changes,
})

const january = rate({})
const june = rate({ rate: '92.123456789', validFrom: '2026-06-01T00:00:00.000Z' })
const rates = createRates({
  accountingCurrency: 'RUB',
  rates: [january, june, rate({ from: 'CNY', rate: '12.5' })],
})

const dollars = (nanos: bigint) => ({ currency: 'USD', nanos })
const at = (text: string) => new Date(text)

describe('money in another currency', () => {
  test('is worth what the rate of its time says, and the rate is told', () => {
    expect(rates.convert(dollars(1_000n), 'RUB', at('2026-03-01'))).toEqual({
      money: { currency: 'RUB', nanos: 90_000n },
      rate: january,
    })
    expect(rates.convert(dollars(1_000_000_000n), 'RUB', at('2026-06-01'))).toEqual({
      money: { currency: 'RUB', nanos: 92_123_456_789n },
      rate: june,
    })
  })

  test('the last moment before a new rate is of the old one', () => {
    const moment = at('2026-05-31T23:59:59.999Z')
    expect(rates.convert(dollars(1n), 'RUB', moment)?.rate).toEqual(january)
  })

  test('of the same currency it is the same, by no rate', () => {
    const money = { currency: 'RUB', nanos: 7n }
    expect(rates.convert(money, 'RUB', at('2000-01-01'))).toEqual({ money, rate: undefined })
  })

  test.each([
    ['before the first rate', dollars(1n), 'RUB', '2025-12-31'],
    ['of a currency without a rate', { currency: 'EUR', nanos: 1n }, 'RUB', '2026-07-01'],
    [
      'the other way round, which nobody configured',
      { currency: 'RUB', nanos: 1n },
      'USD',
      '2026-07-01',
    ],
  ])('is unknown %s', (_when, money, to, moment) => {
    expect(rates.convert(money, to, at(moment))).toBeUndefined()
  })

  test('is rounded once, half away from zero: an amount and its reversal cancel out', () => {
    const half = createRates({ accountingCurrency: 'RUB', rates: [rate({ rate: '0.5' })] })
    const nanos = (amount: bigint) =>
      half.convert(dollars(amount), 'RUB', at('2026-07-01'))?.money.nanos
    expect([1n, 2n, 3n, -1n, -2n, -3n].map(nanos)).toEqual([1n, 1n, 2n, -1n, -1n, -2n])
  })
})
