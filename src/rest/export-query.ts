import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import type { UsageDimension } from '../services/usage-query.ts'
import { exportFormats } from './export-format.ts'

const text = z
  .string('must be given once')
  .min(1, 'must not be empty')
  .max(620, 'may have at most 620 characters')

const time = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a time in ISO 8601 with its offset, as "2026-11-01T00:00:00Z", or a day in UTC',
  })
  .transform((written) => new Date(written))

const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, `must be one of ${words.join(', ')}`)

const format = oneOf(exportFormats).optional()

const dimensions = {
  model: 'model',
  provider: 'provider',
  api_key: 'apiKey',
  user: 'user',
  tag: 'tag',
} as const
const dimensionWords = [
  'model',
  'provider',
  'api_key',
  'user',
  'tag',
] as const satisfies (keyof typeof dimensions)[]

const groupBy = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((given) => [given].flat().flatMap((words) => words.split(',')))
  .pipe(z.array(oneOf(dimensionWords)))
  .transform((words) => [...new Set(words)].map((word): UsageDimension => dimensions[word]))

/** The query of `GET /v1/usage/export`. */
export const usageQuery = z
  .strictObject({
    format,
    from: time,
    to: time,
    model: text.optional(),
    provider: text.optional(),
    api_key_id: text.optional(),
    user: text.optional(),
    tag: text.optional(),
    group_by: groupBy,
    granularity: oneOf(['total', 'minute', 'hour', 'day']).default('total'),
  })
  .transform(({ api_key_id: apiKeyId, group_by, ...rest }) => ({
    ...rest,
    apiKeyId,
    groupBy: group_by,
  }))

/** The query of `GET /v1/requests/export`. */
export const requestQuery = z.strictObject({
  format,
  from: time.optional(),
  to: time.optional(),
  model: text.optional(),
  provider: text.optional(),
  status: oneOf(['succeeded', 'failed', 'cancelled', 'interrupted']).optional(),
})

/** Reads a query; throws INVALID_REQUEST with the parameter at fault. */
export function parsedQuery<Output>(schema: z.ZodType<Output>, query: unknown): Output {
  const result = schema.safeParse(query)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const path = issue.keys[0] ?? 'query'
    throw invalidRequest(
      path.slice(0, 100),
      `\`${path.slice(0, 100)}\` is not a parameter of this export.`,
    )
  }
  const path = String(issue?.path[0] ?? 'query')
  throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is not valid'}.`)
}
