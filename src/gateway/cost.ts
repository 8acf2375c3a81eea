import { LRUCache } from 'lru-cache'
import { parseNanos } from '../lib/decimal.ts'
import type { Money, PriceSnapshot } from '../protocol/settlement.ts'
import { tokenClasses, type TokenClass, type Usage } from '../protocol/usage.ts'

const million = 1_000_000n

/** What an attempt costs; undefined when the price or the usage of a used class is unknown. */
export function costOf(
  price: PriceSnapshot | undefined,
  usage: Usage | undefined,
): Money | undefined {
  if (!price || !usage || (usage.inputTokens === undefined && usage.outputTokens === undefined)) {
    return undefined
  }
  let nanosTimesMillion = 0n
  for (const tokenClass of tokenClasses) {
    const tokens = usage[tokenClass]
    if (!tokens) continue
    const perMillion = priceOf(price, tokenClass)
    if (perMillion === undefined) return undefined
    nanosTimesMillion += BigInt(tokens) * nanosOf(perMillion)
  }
  return { currency: price.currency, nanos: (nanosTimesMillion + million / 2n) / million }
}

/** A catalogue has few prices, and each is asked for several times for a request. */
const parsed = new LRUCache<string, bigint>({ max: 2_000 })

function nanosOf(decimal: string): bigint {
  const known = parsed.get(decimal)
  if (known !== undefined) return known
  const nanos = parseNanos(decimal)
  parsed.set(decimal, nanos)
  return nanos
}

/** A class without a price of its own costs what its side costs: caches as input, reasoning as output. */
function priceOf(price: PriceSnapshot, tokenClass: TokenClass): string | undefined {
  const { perMillion } = price
  switch (tokenClass) {
    case 'inputTokens':
    case 'outputTokens':
      return perMillion[tokenClass]
    case 'cachedInputTokens':
    case 'cacheWriteTokens':
      return perMillion[tokenClass] ?? perMillion.inputTokens
    case 'reasoningTokens':
      return perMillion.reasoningTokens ?? perMillion.outputTokens
    default:
      return tokenClass satisfies never
  }
}
