import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { isStorableText } from '../lib/storable.ts'
import { scopes, tiers, type Scope } from '../protocol/actor.ts'

const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/(\*|[^*\s]+)$/

const members = {
  name: z
    .string('must be a text')
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'may have at most 100 characters')
    .refine(isStorableText, 'must be text without NUL'),
  tier: z.enum(tiers, 'must be free, pro or enterprise'),
  scopes: z
    .array(z.enum(scopes), 'must be a list of scopes')
    .min(1, 'must name at least one scope'),
  /** Null = every model. */
  models: z
    .array(
      z
        .string()
        .max(300)
        .regex(modelPattern, 'must be written as provider/model or provider/*')
        .refine(isStorableText, 'must be text without NUL'),
    )
    .min(1, 'must name at least one model; null allows all')
    .max(100, 'may name at most 100 models')
    .nullable(),
  expiresAt: z.date().refine((date) => date.getTime() > Date.now(), 'must be in the future'),
}

const newKeySchema = z.strictObject({ ...members, expiresAt: members.expiresAt.optional() })

const keyChangesSchema = z
  .strictObject({ ...members, expiresAt: members.expiresAt.nullable() })
  .partial()

/** A key to make; `tier` is checked here. */
export type CreateApiKeyInput = Omit<z.input<typeof newKeySchema>, 'tier'> & { tier: string }

/** Changes of a key: what is absent stays, null takes a bound away where a key can be without it. */
export interface UpdateApiKeyInput {
  id: string
  name?: string | null | undefined
  tier?: string | null | undefined
  scopes?: readonly Scope[] | null | undefined
  models?: readonly string[] | null | undefined
  expiresAt?: Date | null | undefined
}

export type NewKey = z.output<typeof newKeySchema>
export type KeyChanges = z.output<typeof keyChangesSchema>

/** Checks what a new key shall be; throws INVALID_REQUEST with the member at fault. */
export function parseNewKey(input: CreateApiKeyInput): NewKey {
  return parsed(newKeySchema, input)
}

/** Checks what shall be changed of a key; throws INVALID_REQUEST with the member at fault. */
export function parseKeyChanges(changes: Omit<UpdateApiKeyInput, 'id'>): KeyChanges {
  return parsed(keyChangesSchema, changes)
}

function parsed<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.join('.')
  throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is invalid'}.`)
}
