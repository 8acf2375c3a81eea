import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { midStreamFailures, type Call } from '../gateway/call.ts'
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
  user: z.string().min(1).max(300).optional(),
  cache: cacheMember.optional(),
})

type Said = Pick<Call, 'hints' | 'tags' | 'user' | 'cache'>

/** The `xrouter` member of a completion's body. An unknown member is refused by name: it was meant to do something. */
export function decodeHints(value: unknown): Said {
  if (value === undefined || value === null) return { hints: {} }
  const result = schema.safeParse(value)
  if (result.success) {
    const { fallbacks, allow_providers, deny_providers, deadline_ms, priority } = result.data
    const { tags, user, cache, max_cost, mid_stream_failure } = result.data
    return {
      hints: {
        fallbacks,
        allowProviders: allow_providers,
        denyProviders: deny_providers,
        deadlineMs: deadline_ms,
        priority,
        midStreamFailure: midStreamFailures.find(
          (each) => each.toLowerCase() === mid_stream_failure,
        ),
        maxCost: max_cost,
      },
      tags,
      user,
      cache: cache && bodyWishes(cache),
    }
  }
  const [issue] = result.error.issues
  const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const at = [...(issue?.path ?? []), ...(key === undefined ? [] : [key])]
  const path = at.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`),
    'xrouter',
  )
  const within = issue?.path[0] === 'cache' ? 'cache' : undefined
  const known = Object.keys(within ? cacheMember.shape : schema.shape).join(', ')
  const parent = within ? 'xrouter.cache' : 'xrouter'
  throw invalidRequest(
    path,
    key === undefined
      ? `${path}: ${issue?.message ?? 'is not valid'}.`
      : `${path} is not known; the members of \`${parent}\` are: ${known}.`,
  )
}

/** Throws where a route that keeps no answers is told how to keep them. */
export function refuseCache({ cache }: Said): void {
  if (cache)
    throw invalidRequest('xrouter.cache', 'Only completions are cached; leave `xrouter.cache` out.')
}
