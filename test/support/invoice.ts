import type { InvoiceEntry } from './simulators/provider.ts'

/** The price of a model in the tests of money: odd numbers, so that no two mistakes cancel out. */
export interface TestPrice {
  currency: string
  /** Nano-units for a million tokens of each class. */
  perMillion: { input: bigint; cached: bigint; written: bigint; output: bigint; reasoning: bigint }
}

/** What tells one provider's price from the next one's. */
export function testPrice(index: number): TestPrice {
  const base = BigInt(index + 1) * 1_234_567n + 89n
  return {
    currency: index % 2 === 0 ? 'USD' : 'RUB',
    perMillion: {
      input: base,
      cached: base / 3n,
      written: base * 2n + 7n,
      output: base * 4n + 1n,
      reasoning: base * 5n + 3n,
    },
  }
}

/** The table of the configuration that says the same. */
export function priceToml(model: string, { currency, perMillion }: TestPrice): string {
  const text = (nanos: bigint): string => `"0.${String(nanos).padStart(9, '0')}"`
  const { input, cached, written, output, reasoning } = perMillion
  return `[[prices]]
model = "${model}"
currency = "${currency}"
input = ${text(input)}
cached_input = ${text(cached)}
cache_write = ${text(written)}
output = ${text(output)}
reasoning = ${text(reasoning)}
`
}

/** What a provider bills for an answer, worked out from its own counts: nano-units, rounded half up once. */
export function billed(entry: InvoiceEntry, { perMillion }: TestPrice): bigint {
  const { promptTokens, cachedTokens, writtenTokens = 0 } = entry
  const { completionTokens, reasoningTokens } = entry
  const total =
    BigInt(promptTokens - cachedTokens - writtenTokens) * perMillion.input +
    BigInt(cachedTokens) * perMillion.cached +
    BigInt(writtenTokens) * perMillion.written +
    BigInt(completionTokens - reasoningTokens) * perMillion.output +
    BigInt(reasoningTokens) * perMillion.reasoning
  return (total + 500_000n) / 1_000_000n
}
