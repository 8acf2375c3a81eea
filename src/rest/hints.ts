import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { midStreamFailures, type Call, type RoutingHints } from '../gateway/call.ts'
import { routingSchemas } from '../protocol/routing-schema.ts'
import { maxCostSchema } from '../gateway/max-cost.ts'
import { tagsSchema } from '../protocol/tags.ts'
import { bodyWishes, cacheMember } from './cache-wishes.ts'

const names = z.array(z.string().min(1).max(300)).max(50)

const schema = z.strictObject({
  fallbacks: names.optional(),
  allow_providers: names.min(1).optional(),
  deny_providers: names.optional(),
  deadline_ms: z.int().min(1).max(86_400_000).optional(),
  max_cost: maxCostSchema.optional(),
  priority: z.int().min(-10).max(10).optional(),
  mid_stream_failure: z.enum(['error', 'restart', 'continue']).optional(),
  tags: tagsSchema.optional(),
  strategy: routingSchemas.strategy,
  session: routingSchemas.session,
  stickiness: routingSchemas.stickiness,
  sticky_by: routingSchemas.stickyBy,
  regions: routingSchemas.regions,
  deployment_tags: routingSchemas.deploymentTags,
  data_policy: routingSchemas.dataPolicy,
  max_price: routingSchemas.maxPrice,
  weights: routingSchemas.weights,
  hedge_after_ms: routingSchemas.hedgeAfterMs,
  parallel: routingSchemas.parallel,
  user: z.string().min(1).max(300).optional(),
  cache: cacheMember.optional(),
})

type Said = Pick<Call, 'hints' | 'tags' | 'user' | 'cache'>

/** The `xrouter` member of a completion's body. An unknown member is refused by name: it was meant to do something. */
export function decodeHints(value: unknown): Said {
  if (value === undefined || value === null) return { hints: {} }
  const result = schema.safeParse(value)
  if (result.success) return inOurNames(result.data)
  const [issue] = result.error.issues
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const at = [...(issue?.path ?? []), ...(key === undefined ? [] : [key])]
  const path = at.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`),
    'xrouter',
  )
  if (key === undefined) throw invalidRequest(path, `${path}: ${issue?.message ?? 'is not valid'}.`)
  throw invalidRequest(path, `${path} is not known${knownBeside(issue?.path[0])}.`)
}

/** The members where an unknown one stands. */
function knownBeside(parent: PropertyKey | undefined): string {
  if (parent === undefined) {
    return `; the members of \`xrouter\` are: ${Object.keys(schema.shape).join(', ')}`
  }
  if (parent !== 'cache') return ''
  return `; the members of \`xrouter.cache\` are: ${Object.keys(cacheMember.shape).join(', ')}`
}

function inOurNames(said: z.infer<typeof schema>): Said {
  const {
    fallbacks,
    tags,
    user,
    cache,
    strategy,
    session,
    stickiness,
    regions,
    weights,
    parallel,
  } = said
  const hints: RoutingHints = {
    fallbacks,
    allowProviders: said.allow_providers,
    denyProviders: said.deny_providers,
    regions,
    dataPolicy: said.data_policy,
    deploymentTags: said.deployment_tags,
    maxPrice: said.max_price,
    session,
    strategy,
    stickyBy: said.sticky_by,
    weights,
    hedgeAfterMs: said.hedge_after_ms,
    parallel,
    stickiness,
    maxCost: said.max_cost,
    deadlineMs: said.deadline_ms,
    priority: said.priority,
    midStreamFailure: midStreamFailures.find(
      (each) => each.toLowerCase() === said.mid_stream_failure,
    ),
  }
  return { hints, tags, user, cache: cache && bodyWishes(cache) }
}

/** Throws where a route that keeps no answers is told how to keep them. */
export function refuseCache({ cache }: Said): void {
  if (cache)
    throw invalidRequest('xrouter.cache', 'Only completions are cached; leave `xrouter.cache` out.')
}
