import * as z from 'zod'
import { invalid } from './gemini-error.ts'
import type { GeminiModel } from './gemini-models.ts'

const batch = z.strictObject({
  requests: z
    .array(
      z.strictObject({
        model: z.string(),
        content: z.strictObject({ parts: z.array(z.strictObject({ text: z.string().min(1) })) }),
        outputDimensionality: z.int().min(1).max(3_072).optional(),
      }),
    )
    .min(1)
    .max(100),
})

/** The answer to `batchEmbedContents`: the vector of a text is made of its length. It counts no tokens. */
export function embed(body: unknown, { id }: GeminiModel): object {
  const parsed = batch.safeParse(body)
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.message ?? 'invalid')
  return {
    embeddings: parsed.data.requests.map(({ model, content, outputDimensionality: length = 4 }) => {
      if (model !== `models/${id}`)
        throw invalid('The model of each request must be that of the URL.')
      const text = content.parts.map((part) => part.text).join('')
      return { values: Array.from({ length }, (_, at) => text.length / 1_000 + at) }
    }),
  }
}
