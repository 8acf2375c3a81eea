import { z } from 'zod'
import { parseNanos } from './lib/decimal.ts'
import { dataPolicies, scoreParts, stickinesses, strategies } from './protocol/routing.ts'
import {
  usualPolicy,
  type DeploymentBounds,
  type VirtualDeployment,
  type VirtualModel,
} from './protocol/routing-policy.ts'

const share = z.number().min(0).max(1_000_000)
const word = z.string().min(1).max(100)

/** What a deployment's table may have beside its model, and what a provider's table may have for all of its own. */
export const siteShape = {
  /** Where requests are processed, in words of your own, as "eu" or "ru-central1". */
  region: word.optional(),
  data_policy: z.enum(dataPolicies).optional(),
}

/** What may be asked of a deployment in a minute, by this process. */
export const rateShape = {
  requests_per_minute: z.number().int().min(1).max(2_000_000_000).optional(),
  tokens_per_minute: z.number().int().min(1).max(2_000_000_000).optional(),
}

const deployment = z.strictObject({
  model: z.string().min(1),
  weight: share.default(1),
  priority: z.number().int().min(0).max(1000).default(0),
  ...siteShape,
  tags: z.array(word).max(50).default([]),
  variant: word.optional(),
  max_concurrent: z.number().int().min(1).max(1_000_000).optional(),
  ...rateShape,
})

const stickyBy = z.templateLiteral([
  z.union([z.literal('key'), z.literal('user'), z.literal('session')]),
])
const stickyByTag = z.templateLiteral(['tag:', z.string().min(1)])

const decimal = z
  .string({ error: 'must be a decimal string, as "0.05"' })
  .regex(/^\d+(\.\d{1,9})?$/, 'must be a decimal number with at most nine places, as "0.05"')

const model = z.strictObject({
  strategy: z.enum(strategies).default(usualPolicy.strategy),
  deployments: z
    .array(
      z.preprocess((given) => (typeof given === 'string' ? { model: given } : given), deployment),
    )
    .min(1, 'must have at least one deployment'),
  /** For what a weighted choice stays the same: "key", "user", "session" or "tag:name". */
  sticky_by: z
    .union([stickyBy, stickyByTag], { error: 'must be "key", "user", "session" or "tag:…"' })
    .optional(),
  /** What counts how much in a scored choice. */
  weights: z.partialRecord(z.enum(scoreParts), share).default(usualPolicy.weights),
  hedge_after_ms: z
    .union([z.number().int().min(1).max(600_000), z.literal('p95')], {
      error: 'must be a number of milliseconds or "p95"',
    })
    .default(usualPolicy.hedgeAfterMs),
  parallel: z.number().int().min(2).max(10).default(usualPolicy.parallel),
  /** Of a race or a hedge: what its attempts may cost together, by estimate. */
  max_cost: z
    .strictObject({ currency: z.string().regex(/^[A-Z]{3}$/), amount: decimal })
    .optional(),
  attempts_max: z.number().int().min(1).max(50).default(usualPolicy.attemptsMax),
  stickiness: z.enum(stickinesses).default(usualPolicy.stickiness),
  prefix_affinity: z.boolean().default(usualPolicy.prefixAffinity),
})

/** `[models]`: virtual models by name. */
export const modelsSchema = z.record(z.string().min(1).max(300), model).default({})

/** The same in our names. */
export function virtualModels(tables: z.infer<typeof modelsSchema>): VirtualModel[] {
  return Object.entries(tables).map(([name, table]) => ({
    name,
    policy: {
      strategy: table.strategy,
      stickyBy: table.sticky_by,
      weights: table.weights,
      hedgeAfterMs: table.hedge_after_ms,
      parallel: table.parallel,
      maxCost: table.max_cost && {
        currency: table.max_cost.currency,
        nanos: parseNanos(table.max_cost.amount),
      },
      attemptsMax: table.attempts_max,
      stickiness: table.stickiness,
      prefixAffinity: table.prefix_affinity,
    },
    deployments: table.deployments.map(virtualDeployment),
  }))
}

function virtualDeployment(table: z.infer<typeof deployment>): VirtualDeployment {
  const {
    data_policy: dataPolicy,
    max_concurrent: maxConcurrent,
    requests_per_minute: requestsPerMinute,
    tokens_per_minute: tokensPerMinute,
    ...rest
  } = table
  const bounds: DeploymentBounds = {
    ...(maxConcurrent !== undefined && { maxConcurrent }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
  }
  return { ...rest, dataPolicy, ...(Object.keys(bounds).length > 0 && { bounds }) }
}
