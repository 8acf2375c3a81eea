import type { FileSettings } from './config-schema.ts'
import type { PriceSnapshot, RateSnapshot } from './protocol/settlement.ts'

/** A price of the file, as it is kept with what it was used for. */
export function priceSnapshot(price: FileSettings['prices'][number]): PriceSnapshot {
  const classes = {
    inputTokens: price.input,
    outputTokens: price.output,
    cachedInputTokens: price.cached_input,
    cacheWriteTokens: price.cache_write,
    reasoningTokens: price.reasoning,
  }
  const known = Object.entries(classes).filter(([, value]) => value !== undefined)
  return {
    currency: price.currency,
    perMillion: Object.fromEntries(known),
    source: 'configuration',
  }
}

/** A rate of the file, likewise. */
export function rateSnapshot({ valid_from, ...rate }: FileSettings['rates'][number]): RateSnapshot {
  return { ...rate, validFrom: new Date(valid_from).toISOString() }
}
