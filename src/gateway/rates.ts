import { parseNanos } from '../lib/decimal.ts'
import type { Converted, Money, RateSnapshot } from '../protocol/settlement.ts'

/** What money is worth in other currencies; only configured rates are used, none is turned round or chained. */
export interface Rates {
  /** In which costs are summed up across currencies; undefined where none is configured. */
  accountingCurrency: string | undefined
  /** The amount in `to` at a moment, rounded half up to a nano-unit; undefined without a rate. */
  convert(money: Money, to: string, at: Date): Converted | undefined
}

export interface RateSettings {
  accountingCurrency: string | undefined
  /** Each stands until a later one for the same two currencies. */
  rates: readonly RateSnapshot[]
}

const one = 1_000_000_000n

export function createRates({ accountingCurrency, rates }: RateSettings): Rates {
  const latestFirst = rates.map(prepared).toSorted((a, b) => b.validFromMs - a.validFromMs)
  const byPair = Map.groupBy(latestFirst, ({ snapshot: { from, to } }) => `${from} ${to}`)
  return {
    accountingCurrency,
    convert(money, to, at) {
      if (money.currency === to) return { money, rate: undefined }
      const offers = byPair.get(`${money.currency} ${to}`)
      const found = offers?.find(({ validFromMs }) => validFromMs <= at.getTime())
      if (!found) return undefined
      const nanos = rounded(money.nanos * found.rateNanos)
      return { money: { currency: to, nanos }, rate: found.snapshot }
    },
  }
}

function prepared(snapshot: RateSnapshot) {
  const validFromMs = new Date(snapshot.validFrom).getTime()
  return { snapshot, rateNanos: parseNanos(snapshot.rate), validFromMs }
}

/** Half away from zero, so that an amount and its reversal cancel out. */
function rounded(product: bigint): bigint {
  return product < 0n ? -((-product + one / 2n) / one) : (product + one / 2n) / one
}
