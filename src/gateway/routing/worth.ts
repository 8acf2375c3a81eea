import type { Rates } from '../rates.ts'

/** What amounts of different currencies are worth in one of them, so that they can be compared. */
export interface Worth {
  /** The factor for amounts of a currency; infinite where no rate is configured: what cannot be compared comes last. */
  of(currency: string): number
}

const same: Worth = { of: () => 1 }
const unit = 1_000_000_000n

/** In the accounting currency where one of them has a rate to it, else in the first of them. */
export function worthAmong(
  currencies: readonly string[],
  { accountingCurrency, convert }: Pick<Rates, 'accountingCurrency' | 'convert'>,
  now: () => number,
): Worth {
  if (currencies.length < 2) return same
  const at = new Date(now())
  const into = (to: string): Map<string, number> => {
    const factors = new Map<string, number>()
    for (const from of currencies) {
      const converted = convert({ currency: from, nanos: unit }, to, at)
      if (converted) factors.set(from, Number(converted.money.nanos) / Number(unit))
    }
    return factors
  }
  let factors = accountingCurrency === undefined ? undefined : into(accountingCurrency)
  if (!factors?.size) factors = into(currencies[0] ?? '')
  return { of: (currency) => factors.get(currency) ?? Infinity }
}
