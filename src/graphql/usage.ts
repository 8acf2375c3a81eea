import { formatNanos } from '../lib/decimal.ts'
import type { Money as MoneyValue } from '../protocol/settlement.ts'
import { totalTokens, type TokenClass, type Usage as ProtocolUsage } from '../protocol/usage.ts'
import type { AttemptRow, RequestRow } from '../services/requests.ts'
import { builder } from './builder.ts'

/** Token counts and their cost, from a running answer or from the log; absent = unknown. */
export interface UsageValue extends Partial<Record<TokenClass | 'totalTokens', number | null>> {
  estimated: boolean
  cost: MoneyValue | null
}

export const Money = builder.objectRef<MoneyValue>('Money').implement({
  description: 'An exact amount of money in one currency.',
  fields: (t) => ({
    currency: t.exposeString('currency', { description: 'ISO 4217 code, as `USD`.' }),
    amountNanos: t.expose('nanos', {
      type: 'BigInt',
      description: 'Billionths (1e-9) of the currency unit.',
    }),
    amount: t.string({
      description: 'The same amount in currency units, as an exact decimal.',
      resolve: (money) => formatNanos(money.nanos),
    }),
  }),
})

export const Usage = builder.objectRef<UsageValue>('Usage').implement({
  description:
    'Tokens in disjoint classes: no token is counted in two of them. Null means that the provider did not say.',
  fields: (t) => ({
    inputTokens: t.exposeInt('inputTokens', {
      nullable: true,
      description: 'Prompt tokens that were neither read from nor written to a cache.',
    }),
    cachedInputTokens: t.exposeInt('cachedInputTokens', {
      nullable: true,
      description: "Prompt tokens read from the provider's cache.",
    }),
    cacheWriteTokens: t.exposeInt('cacheWriteTokens', {
      nullable: true,
      description: "Prompt tokens written to the provider's cache.",
    }),
    outputTokens: t.exposeInt('outputTokens', {
      nullable: true,
      description: 'Generated tokens without reasoning.',
    }),
    reasoningTokens: t.exposeInt('reasoningTokens', {
      nullable: true,
      description: 'Tokens spent on reasoning.',
    }),
    totalTokens: t.exposeInt('totalTokens', {
      nullable: true,
      description: 'Everything sent and generated.',
    }),
    estimated: t.exposeBoolean('estimated', {
      description: 'True when the gateway counted because the provider did not report.',
    }),
    cost: t.expose('cost', {
      type: Money,
      nullable: true,
      description: 'The cost; null when the price or the usage is unknown.',
    }),
  }),
})

/** The usage of an answer or an attempt; nulls throughout where the provider reported none. */
export function usageValue(
  usage: ProtocolUsage | undefined,
  cost: MoneyValue | undefined,
): UsageValue {
  if (!usage) return { estimated: false, cost: cost ?? null }
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage
  return {
    inputTokens: inputTokens ?? null,
    cachedInputTokens: cachedInputTokens ?? null,
    cacheWriteTokens: cacheWriteTokens ?? null,
    outputTokens: outputTokens ?? null,
    reasoningTokens: reasoningTokens ?? null,
    totalTokens: totalTokens(usage) ?? null,
    estimated: usage.estimated,
    cost: cost ?? null,
  }
}

/** The same from a row of the log; null where there is no usage at all. */
export function usageOfRow(row: RequestRow | AttemptRow): UsageValue | null {
  if (row.usageEstimated === null) return null
  const { costNanos: nanos, costCurrency: currency } = row
  const cost = nanos === null || currency === null ? null : { currency, nanos }
  return { ...row, estimated: row.usageEstimated, cost }
}
