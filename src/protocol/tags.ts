import { z } from 'zod'

/** Labels of a request, kept on the ledger. */
export type Tags = Record<string, string | number | boolean>

/** How many tags there may be, and how long. */
export const tagsSchema = z
  .record(
    z.string().min(1).max(100),
    z.union([z.string().max(500), z.number(), z.boolean()], {
      error: 'must be a string of at most 500 characters, a number or a boolean',
    }),
  )
  .refine((tags) => Object.keys(tags).length <= 50, 'must have at most 50 tags')
