import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { isAddressRange } from '../lib/address-list.ts'
import { isStorableText } from '../lib/storable.ts'
import { scopes, tiers, type Scope } from '../protocol/actor.ts'
import { tagsSchema } from '../protocol/tags.ts'

const unstorable = 'must be text without NUL and without half a surrogate pair'
const modelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]*\/(\*|[^*\s]+)$/

const metadataCharsMax = 16_384

const members = {
  name: z
    .string('must be a text')
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'may have at most 100 characters')
    .refine(isStorable, unstorable),
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
  /** Null = every address. */
  allowedIps: z
    .array(
      z
        .string()
        .trim()
        .refine(isAddressRange, 'must be an IPv4 or IPv6 address, or a network as 10.0.0.0/8'),
    )
    .min(1, 'must name at least one address; null allows all')
    .max(100, 'may name at most 100 addresses')
    .nullable(),
  tags: tagsSchema.refine(isStorable, unstorable).nullable(),
  metadata: z
    .record(z.string(), z.unknown(), 'must be an object')
    .refine(
      (metadata) => JSON.stringify(metadata).length <= metadataCharsMax,
      `may have at most ${metadataCharsMax} characters as JSON`,
    )
    .refine(isStorable, unstorable)
    .nullable(),
  expiresAt: z.date().refine((date) => date.getTime() > Date.now(), 'must be in the future'),
}

const { allowedIps, tags, metadata, expiresAt } = members

const newKeySchema = z.strictObject({
  ...members,
  allowedIps: allowedIps.optional(),
  tags: tags.optional(),
  metadata: metadata.optional(),
  expiresAt: expiresAt.optional(),
})

const keyChangesSchema = z
  .strictObject({
    ...members,
    expiresAt: expiresAt.nullable(),
    disabled: z.boolean('must be true or false'),
  })
  .partial()

/** A key to make; what is wider here than in `NewKey` is checked. */
export type CreateApiKeyInput = Omit<z.input<typeof newKeySchema>, 'tier' | 'tags' | 'metadata'> & {
  tier: string
  tags?: unknown
  metadata?: unknown
}

/** Changes of a key: what is absent stays, null takes a bound away where a key can be without it. */
export interface UpdateApiKeyInput {
  id: string
  name?: string | null | undefined
  tier?: string | null | undefined
  scopes?: readonly Scope[] | null | undefined
  models?: readonly string[] | null | undefined
  allowedIps?: readonly string[] | null | undefined
  tags?: unknown
  metadata?: unknown
  disabled?: boolean | null | undefined
  expiresAt?: Date | null | undefined
  /** Whether a key may shut itself out. */
  force?: boolean | null | undefined
  /** Where the change is asked for from. */
  address?: string
}

export type NewKey = z.output<typeof newKeySchema>
export type KeyChanges = z.output<typeof keyChangesSchema>

/** Checks what a new key shall be; throws INVALID_REQUEST with the member at fault. */
export function parseNewKey(input: CreateApiKeyInput): NewKey {
  return parsed(newKeySchema, input)
}

/** Checks what shall be changed of a key; throws INVALID_REQUEST with the member at fault. */
export function parseKeyChanges(
  changes: Omit<UpdateApiKeyInput, 'id' | 'force' | 'address'>,
): KeyChanges {
  return parsed(keyChangesSchema, changes)
}

function parsed<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.join('.')
  throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is invalid'}.`)
}

/** Whether Postgres takes all texts of a value. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorable(member))
}
