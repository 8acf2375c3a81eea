import * as z from 'zod'
import { hexadecimal } from './identifiers.ts'
import { GigachatError } from './gigachat-request.ts'
import { vectorOf } from './openai-embedding.ts'
import type { InvoiceEntry } from './provider.ts'
import { tokenize } from './tokens.ts'

/** Names of the models that make vectors. */
export const embedders: readonly string[] = ['Embeddings', 'Embeddings-2', 'EmbeddingsGigaR']

const requestSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
})

/** The answer to `POST /embeddings`: the usage stands beside each vector, and other members are ignored. */
export function embed(body: unknown): { body: object; entry: InvoiceEntry } {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) throw new GigachatError(400, 'Your request contains invalid JSON syntax.')
  const { model, input } = parsed.data
  if (!embedders.includes(model)) throw new GigachatError(404, 'No such model')
  const texts = [input].flat()
  const counts = texts.map((text) => tokenize(text).length)
  return {
    body: {
      object: 'list',
      model,
      data: texts.map((text, index) => ({
        object: 'embedding',
        index,
        embedding: vectorOf(text, 1_024),
        usage: { prompt_tokens: counts[index] },
      })),
    },
    entry: {
      id: hexadecimal(32),
      model,
      promptTokens: counts.reduce((sum, tokens) => sum + tokens, 0),
      cachedTokens: 0,
      completionTokens: 0,
      reasoningTokens: 0,
      completed: false,
    },
  }
}
