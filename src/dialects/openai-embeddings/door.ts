import { z } from 'zod'
import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from '../../protocol/embedding.ts'
import { promptTokens } from '../../protocol/usage.ts'
import { unread } from '../narrow.ts'
import { check, invalidMember } from '../openai-chat/check.ts'
import { toBase64 } from './base64.ts'
import { openaiEmbeddings } from './dialect.ts'

/** What a client asked for, and what it asked of the door alone. */
export interface DecodedEmbeddingRequest {
  request: EmbeddingRequest
  /** How the client reads vectors: numbers, or base64 of 32-bit floats. */
  encoding: 'float' | 'base64'
  /** The gateway's own member as it came; undefined when absent. */
  xrouter: unknown
}

const inputsMax = 2048
const tokenIds = z.array(z.int().min(0)).min(1)

const bodySchema = z.looseObject({
  model: z.string().min(1),
  input: z.unknown(),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  user: z.string().nullish(),
  xrouter: z.unknown().optional(),
})

const readMembers: ReadonlySet<string> = new Set(Object.keys(bodySchema.shape))

/** Reads `POST /v1/embeddings`; a problem is thrown as a 400 that names its member. */
export function decodeEmbeddingRequest(raw: unknown): DecodedEmbeddingRequest {
  const body = check(bodySchema, raw, '')
  const members = unread(body, readMembers)
  return {
    request: {
      model: body.model,
      inputs: decodeInputs(body.input),
      dimensions: body.dimensions ?? undefined,
      endUserId: body.user ?? undefined,
      ...(members && { passthrough: { dialect: openaiEmbeddings, members } }),
    },
    encoding: body.encoding_format ?? 'float',
    xrouter: body.xrouter,
  }
}

/** OpenAI's answer. */
export function encodeEmbeddingAnswer(
  { vectors, settlement, warnings }: EmbeddingAnswer,
  encoding: DecodedEmbeddingRequest['encoding'],
): Record<string, unknown> {
  const tokens = settlement.usage && promptTokens(settlement.usage)
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoding === 'base64' ? toBase64(vector) : vector,
    })),
    model: settlement.model ?? '',
    ...(tokens !== undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    ...(warnings.length > 0 && { xrouter: { warnings } }),
  }
}

function decodeInputs(input: unknown): EmbeddingInput[] {
  if (typeof input === 'string') return [decodeText(input, 'input')]
  if (!Array.isArray(input)) {
    throw invalidMember('input', 'expected a string, token ids, or an array of strings or of these')
  }
  if (input.length === 0) throw invalidMember('input', 'expected at least one text')
  if (typeof input[0] === 'number') return [check(tokenIds, input, 'input')]
  if (input.length > inputsMax) {
    throw invalidMember('input', `it has ${input.length} texts, at most ${inputsMax} are taken`)
  }
  return input.map((item: unknown, index) =>
    Array.isArray(item)
      ? check(tokenIds, item, `input[${index}]`)
      : decodeText(item, `input[${index}]`),
  )
}

function decodeText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalidMember(path, 'expected a string or token ids')
  if (value === '') throw invalidMember(path, 'it is empty; leave it out')
  return value
}
