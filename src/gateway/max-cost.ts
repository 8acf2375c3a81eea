import { z } from 'zod'
import { parseNanos } from '../lib/decimal.ts'
import type { Money } from '../protocol/settlement.ts'

/** What a client lets a request cost at most, as it says it: a decimal amount and its currency. */
export const maxCostSchema = z
  .strictObject({
    amount: z
      .string('must be a decimal string, as "0.05"')
      .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal string below a billion, as "0.05"'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capitals, as "USD"'),
  })
  .transform(({ amount, currency }): Money => ({ nanos: parseNanos(amount), currency }))
