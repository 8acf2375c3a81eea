import { z } from 'zod'
import { dataPolicies, scoreParts, stickinesses, strategies, type StickyBy } from './routing.ts'

const decimal = z
  .string({ error: 'must be a decimal string, as "0.15"' })
  .regex(/^\d+(\.\d{1,9})?$/, 'must be a decimal number with at most nine places, as "0.15"')
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be a currency code of three capitals, as "USD"')
const words = z.array(z.string().min(1).max(100)).min(1).max(50)

/** GraphQL sends null for what a client clears; for what is left out nothing is done. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema
    .nullable()
    .transform((value) => value ?? undefined)
    .optional()
}

/** What a request may say of its routing beside names. Every door spells the members in its own way. */
export const routingSchemas = {
  strategy: optional(z.enum(strategies, { error: `must be one of ${strategies.join(', ')}` })),
  session: optional(z.string().min(1).max(300)),
  stickiness: optional(
    z.enum(stickinesses, { error: `must be one of ${stickinesses.join(', ')}` }),
  ),
  stickyBy: optional(
    z.custom<StickyBy>(
      (value) => typeof value === 'string' && /^(key|user|session|tag:.{1,100})$/.test(value),
      'must be "key", "user", "session" or "tag:…"',
    ),
  ),
  regions: optional(words),
  deploymentTags: optional(words),
  dataPolicy: optional(
    z.enum(dataPolicies, { error: `must be one of ${dataPolicies.join(', ')}` }),
  ),
  maxPrice: optional(
    z.strictObject({ currency, input: optional(decimal), output: optional(decimal) }),
  ),
  weights: optional(
    z
      .partialRecord(z.enum(scoreParts), z.number().min(0).max(1_000_000).nullable())
      .transform((weights) =>
        Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight !== null)),
      ),
  ),
  hedgeAfterMs: optional(z.int().min(1).max(600_000)),
  parallel: optional(z.int().min(2).max(10)),
}
