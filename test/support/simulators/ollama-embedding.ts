import * as z from 'zod'
import { hexadecimal } from './identifiers.ts'
import type { OllamaModel } from './ollama-models.ts'
import { findOllamaModel, OllamaError, tooLong } from './ollama-request.ts'
import { vectorOf } from './openai-embedding.ts'
import type { InvoiceEntry } from './provider.ts'
import { tokenize } from './tokens.ts'

const requestSchema = z.looseObject({
  model: z.string().default(''),
  input: z.union([z.string(), z.array(z.string())]),
  truncate: z.boolean().default(true),
  dimensions: z.int().optional(),
})

/** The answer to `POST /api/embed`. */
export function embed(
  body: unknown,
  models: readonly OllamaModel[],
): { body: object; entry: InvoiceEntry } {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) throw new OllamaError(400, 'invalid input type')
  const { model: name, input, truncate, dimensions } = parsed.data
  const { dimensions: length, contextLength } = findOllamaModel(models, name)
  if (length === undefined) throw new OllamaError(400, `"${name}" does not support embeddings`)
  const texts = [input].flat()
  const counts = texts.map((text) => tokenize(text).length)
  if (!truncate && counts.some((count) => count > contextLength)) {
    throw tooLong
  }
  const promptTokens = counts.reduce((sum, count) => sum + Math.min(count, contextLength), 0)
  return {
    body: {
      model: name,
      embeddings: texts.map((text) => vectorOf(text, Math.min(dimensions ?? length, length))),
      total_duration: 14_143_917,
      load_duration: 1_019_500,
      prompt_eval_count: promptTokens,
    },
    entry: {
      id: hexadecimal(16),
      model: name,
      promptTokens,
      cachedTokens: 0,
      completionTokens: 0,
      reasoningTokens: 0,
      completed: false,
    },
  }
}
