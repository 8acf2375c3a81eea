import { z } from 'zod'
import { GatewayError, invalidRequest } from '../errors.ts'
import { reasonOf } from '../lib/reason.ts'
import { everything, labelOf } from '../protocol/cache-label.ts'
import type { Actor } from '../protocol/actor.ts'
import { tagsSchema } from '../protocol/tags.ts'
import { writeAudit } from './audit.ts'
import type { ServiceDeps } from './deps.ts'
import { requireScope } from './permission.ts'

/** Which kept answers are meant; one member of these. */
const input = z
  .strictObject({
    all: z.literal(true, { error: 'must be true' }).optional(),
    model: z.string().min(1).max(300).optional(),
    apiKeyId: z.string().min(1).max(300).optional(),
    namespace: z.string().min(1).max(100).optional(),
    tag: tagsSchema
      .refine((tags) => Object.keys(tags).length === 1, 'must have one tag')
      .optional(),
  })
  .refine(
    (which) => Object.values(which).filter((each) => each !== undefined).length === 1,
    'must have one member',
  )

/** Removes kept answers of the own organisation, on every instance; how many this instance saw. */
export async function invalidateCache(
  { db, answers }: Pick<ServiceDeps, 'db' | 'answers'>,
  actor: Actor,
  which: unknown,
): Promise<number> {
  requireScope(actor, 'MANAGE', 'remove kept answers')
  const parsed = input.safeParse(which)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = ['input', ...(issue?.path ?? [])].join('.')
    throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is not valid'}.`)
  }
  if (!answers) {
    throw new GatewayError({
      code: 'CONFLICT',
      message: 'No answers are kept here; `cache.enabled` of the configuration says so.',
    })
  }
  const { organization } = actor
  const removed = await answers
    .invalidate(organization, labelMeant(parsed.data))
    .catch((error: unknown) => {
      throw new GatewayError({
        code: 'OVERLOADED',
        message:
          'The store of kept answers does not answer; nothing was removed for certain. Try again.',
        cause: reasonOf(error),
      })
    })
  await writeAudit(db, actor, {
    action: 'cache.invalidate',
    entity: { kind: 'cache', id: organization },
    detail: { ...parsed.data, removed },
  })
  return removed
}

function labelMeant({ model, apiKeyId, namespace, tag }: z.infer<typeof input>): string {
  if (model !== undefined) return labelOf.model(model)
  if (apiKeyId !== undefined) return labelOf.apiKey(apiKeyId)
  if (namespace !== undefined) return labelOf.namespace(namespace)
  const [label] = Object.entries(tag ?? {}).map(([name, value]) => labelOf.tag(name, value))
  return label ?? everything
}
