import { z } from 'zod'
import { intents, usualAuto, type AutoSettings } from './protocol/intent.ts'

const name = z.string().min(1).max(300)

/** `[auto]`: for each intent the model that `auto` stands for. */
export const autoSchema = z
  .strictObject({
    default: name.optional(),
    long_context_tokens: z
      .number()
      .int()
      .min(1_000)
      .max(10_000_000)
      .default(usualAuto.longContextTokens),
    models: z.partialRecord(z.enum(intents), name).default({}),
  })
  .prefault({})

/** The same in our names. */
export function autoNames(table: z.infer<typeof autoSchema>): AutoSettings {
  return {
    models: table.models,
    fallback: table.default,
    longContextTokens: table.long_context_tokens,
  }
}
