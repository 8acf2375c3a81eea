import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { parseNanos } from '../lib/decimal.ts'
import { isStorableText } from '../lib/storable.ts'
import { budgetPeriods, limitScopes } from '../protocol/limit.ts'

const count = z
  .number('must be a number')
  .int('must be a whole number')
  .min(1, 'must be at least 1; null takes the limit away')
  .max(2_000_000_000, 'must be at most 2000000000')
  .nullable()

const text = (most: number) =>
  z
    .string('must be a text')
    .trim()
    .min(1, 'must not be empty')
    .max(most, `may have at most ${most} characters`)
    .refine(isStorableText, 'must be text without NUL')

const placed = {
  scope: z.enum(limitScopes, `must be one of ${limitScopes.join(', ')}`),
  /** `*` = each by itself. */
  subject: text(620),
}

/** The numbers of a tier or a limit; what is left out is not limited. */
const rates = {
  requestsPerMinute: count.default(null),
  requestsPerDay: count.default(null),
  tokensPerMinute: count.default(null),
  tokensPerDay: count.default(null),
  concurrency: count.default(null),
}

export const tierSchema = z.strictObject({
  name: z.string().regex(/^[a-z]+$/, 'must be lower-case letters'),
  ...rates,
})

export const rateLimitSchema = z
  .strictObject({ ...placed, ...rates })
  .refine(({ scope, subject }) => scope !== 'tag' || /^[^=]+=/.test(subject), {
    path: ['subject'],
    error: 'must be written as name=value or name=*',
  })

const amount = z
  .string('must be a decimal string, as "12.50"')
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal string below a billion, as "12.50"')
  .transform(parseNanos)

const budgetMembers = {
  name: text(100),
  limit: amount,
  thresholds: z
    .array(z.number('must be a number').gt(0, 'must be above 0').max(1000, 'must be at most 1000'))
    .max(10, 'may name at most 10'),
  stopStreamAtLimit: z.boolean('must be true or false'),
}

export const budgetSchema = z
  .strictObject({
    ...budgetMembers,
    ...placed,
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capitals, as "USD"'),
    period: z.enum(budgetPeriods, `must be one of ${budgetPeriods.join(', ')}`),
    timeZone: z.string().refine(isTimeZone, 'must be a time zone, as "Europe/Moscow"').nullable(),
  })
  .refine(({ scope, subject }) => scope !== 'tag' || /^[^=]+=/.test(subject), {
    path: ['subject'],
    error: 'must be written as name=value or name=*',
  })

/** What may change while money is counted; another scope, currency or period is another budget. */
export const budgetChangesSchema = z.strictObject(budgetMembers).partial()

/** Checks what was given; throws INVALID_REQUEST with the member at fault. */
export function parsedLimit<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.join('.')
  throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is invalid'}.`)
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
