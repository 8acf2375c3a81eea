import * as z from 'zod'
import { hexadecimal } from './identifiers.ts'
import { vectorOf } from './openai-embedding.ts'
import type { InvoiceEntry } from './provider.ts'
import { tokenize } from './tokens.ts'
import { folderMismatch, invalid, unknownModel } from './yandex-error.ts'

/** What makes vectors, with the longest that each makes; a length of one's own is for the second generation. */
const models = new Map([
  ['text-search-doc/latest', 256],
  ['text-search-query/latest', 256],
  ['text-embeddings-v2-doc/latest', 768],
])
const defaultLength = 256

/** The paths of `emb://<folder>/…` of all of them. */
export const embeddingModels: readonly string[] = [...models.keys()]

interface Embedded {
  body: object
  entry: InvoiceEntry
}

const nativeRequest = z.strictObject({
  modelUri: z.string(),
  text: z.string().min(1),
  dim: z.string().regex(/^\d+$/).optional(),
})

/** `POST /textEmbedding` */
export function embedNative(body: unknown, folder: string): Embedded {
  const { modelUri, text, dim } = parsed(nativeRequest, body)
  const { vector, tokens, entry } = embed(text, { folder, uri: modelUri, dim })
  return {
    body: { embedding: vector, numTokens: String(tokens), modelVersion: '06.12.2023' },
    entry,
  }
}

const compatibleRequest = z.strictObject({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
  dimensions: z.int().min(1).optional(),
  encoding_format: z.literal('float').optional(),
})

/** `POST /v1/embeddings`, which takes one text. */
export function embedCompatible(body: unknown, folder: string): Embedded {
  const { model, input, dimensions } = parsed(compatibleRequest, body)
  const [text = ''] = [input].flat()
  const { vector, tokens, entry } = embed(text, { folder, uri: model, dim: dimensions })
  return {
    body: {
      object: 'list',
      model,
      data: [{ index: 0, embedding: vector, object: 'embedding' }],
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
    entry,
  }
}

function embed(
  text: string,
  { folder, uri, dim }: { folder: string; uri: string; dim: string | number | undefined },
): { vector: number[]; tokens: number; entry: InvoiceEntry } {
  const [, owner = '', path = ''] = /^emb:\/\/([^/]+)\/(.+)$/.exec(uri) ?? []
  const longest = models.get(path)
  if (owner !== '' && owner !== folder) throw folderMismatch(owner, folder)
  if (longest === undefined) throw unknownModel('native')
  const length = Number(dim ?? defaultLength)
  if (length > longest) throw invalid('dim is not supported by this model')
  const tokens = tokenize(text).length
  const entry = {
    id: hexadecimal(20),
    model: path,
    promptTokens: tokens,
    cachedTokens: 0,
    completionTokens: 0,
    reasoningTokens: 0,
    completed: false,
  }
  return { vector: vectorOf(text, length), tokens, entry }
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}
