import * as z from 'zod'
import { hexadecimal } from './identifiers.ts'
import { OpenaiError, unknownModel } from './openai-error.ts'
import { findModel, type OpenaiModel } from './openai-models.ts'
import type { InvoiceEntry } from './provider.ts'
import { tokenize } from './tokens.ts'

const tokenIds = z.array(z.int().min(0)).min(1).max(8_192)

const requestSchema = z.strictObject({
  model: z.string(),
  input: z.union([
    z.string().min(1),
    tokenIds,
    z.array(z.string().min(1)).min(1).max(2_048),
    z.array(tokenIds).min(1).max(2_048),
  ]),
  dimensions: z.int().min(1).optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
  user: z.string().optional(),
})

type EmbeddingRequest = z.infer<typeof requestSchema>

/** The answer to `POST /embeddings` and what is billed for it. */
export function embed(body: unknown, models: OpenaiModel[]): { body: object; entry: InvoiceEntry } {
  const asked = parse(body)
  const model = findModel(models, asked.model)
  if (!model) throw unknownModel(asked.model)
  const length = lengthOf(model, asked)
  const inputs = listOf(asked.input)
  const promptTokens = inputs.reduce((sum, input) => sum + tokensOf(input), 0)
  const encode = asked.encoding_format === 'base64' ? base64Of : (vector: number[]) => vector
  return {
    body: {
      object: 'list',
      data: inputs.map((input, index) => ({
        object: 'embedding',
        index,
        embedding: encode(vectorOf(input, length)),
      })),
      model: model.snapshot,
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    },
    entry: {
      id: `emb-${hexadecimal(32)}`,
      model: model.snapshot,
      promptTokens,
      cachedTokens: 0,
      completionTokens: 0,
      reasoningTokens: 0,
      completed: false,
    },
  }
}

/** The vector of a text or of token ids: the same for the same input, other numbers for another. */
export function vectorOf(input: string | number[], length: number): number[] {
  const units = typeof input === 'string' ? Array.from(input, (sign) => sign.codePointAt(0)) : input
  const seed = units.reduce<number>((sum, unit = 0) => (sum * 31 + unit) % 65_521, 7)
  return Array.from({ length }, (_, at) => Math.fround(Math.sin(seed + at)))
}

function parse(body: unknown): EmbeddingRequest {
  const parsed = requestSchema.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.path[0] === 'model' || Object(body)['model'] === undefined) {
    throw new OpenaiError(400, 'you must provide a model parameter')
  }
  const message =
    `'$.${issue?.path.join('.') ?? ''}' is invalid. Please check the API reference: ` +
    'https://platform.openai.com/docs/api-reference.'
  throw new OpenaiError(400, message)
}

function lengthOf(model: OpenaiModel, { dimensions }: EmbeddingRequest): number {
  if (model.dimensions === undefined) {
    const message = 'You are not allowed to generate embeddings from this model'
    throw new OpenaiError(403, message, { edge: true })
  }
  if (dimensions === undefined) return model.dimensions
  if (model.id.endsWith('002')) {
    throw new OpenaiError(400, 'This model does not support specifying dimensions.')
  }
  if (dimensions <= model.dimensions) return dimensions
  throw new OpenaiError(
    400,
    `Invalid value for 'dimensions' = ${dimensions}. Must be less than or equal to ` +
      `${model.dimensions} for this model.`,
  )
}

function listOf(input: EmbeddingRequest['input']): (string | number[])[] {
  if (typeof input === 'string') return [input]
  const isTokens = (list: typeof input): list is number[] => typeof list[0] === 'number'
  return isTokens(input) ? [input] : input
}

function tokensOf(input: string | number[]): number {
  return typeof input === 'string' ? tokenize(input).length : input.length
}

/** Little-endian floats of 32 bits. */
function base64Of(vector: number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64')
}
