import type { Rates } from '../rates.ts'

/** What amounts of different currencies are worth in one of them, so that they can be compared. */
export interface Worth {
  /** The factor for amounts of a currency; infinite where no rate is configured: what cannot be compared comes last. */
  of(currency: string): number
}

const unit = 1_000_000_000n

/** In the accounting currency where the first one has a rate to it, else in the first one that is asked for. */
export function createWorth(
  { accountingCurrency, convert }: Pick<Rates, 'accountingCurrency' | 'convert'>,
  now: () => number,
): Worth {
  let common: string | undefined
  let latest: string | undefined
  let latestFactor = 1
  const factor = (from: string, to: string): number => {
    const converted = convert({ currency: from, nanos: unit }, to, new Date(now()))
    return converted ? Number(converted.money.nanos) / Number(unit) : Infinity
  }
  const commonFor = (first: string): string =>
    accountingCurrency !== undefined && factor(first, accountingCurrency) < Infinity
      ? accountingCurrency
      : first
  return {
    of: (currency) => {
      if (currency === latest) return latestFactor
      common ??= commonFor(currency)
      latest = currency
      latestFactor = factor(currency, common)
      return latestFactor
    },
  }
}
