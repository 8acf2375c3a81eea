import type { EmbeddingApi, EmbeddingBatch, EmbeddingRequest } from '../../protocol/embedding.ts'
import type { Usage } from '../../protocol/usage.ts'
import { unusableVectors } from '../broken-answer.ts'
import { isRecord, text } from '../narrow.ts'
import { decodeVectors } from '../openai-embeddings/decode-vectors.ts'
import { decodeGigachatError } from './decode-error.ts'
import { gigachat } from './dialect.ts'

/** Vectors as GigaChat makes them; it says of each text apart how many tokens it took. */
export const gigachatEmbeddingApi: EmbeddingApi = {
  dialect: gigachat,
  path: () => '/embeddings',
  inputsMax: 90,
  tokens: false,
  dimensions: false,
  encodeRequest: ({ inputs }: EmbeddingRequest, model) => ({ model, input: inputs }),
  decodeBody,
  decodeError: decodeGigachatError,
}

function decodeBody(body: unknown, count: number): EmbeddingBatch {
  if (!isRecord(body)) throw unusableVectors()
  const vectors = decodeVectors(body['data'], count)
  return { vectors, usage: usageOf(body['data']), upstreamModel: text(body['model']) }
}

/** Unknown as soon as one text has no count. */
function usageOf(data: unknown): Usage | undefined {
  const items: unknown[] = Array.isArray(data) ? data : []
  const usages = items.map((item) => (isRecord(item) ? item['usage'] : undefined))
  let inputTokens = 0
  for (const usage of usages) {
    const tokens = isRecord(usage) ? usage['prompt_tokens'] : undefined
    if (typeof tokens !== 'number') return undefined
    inputTokens += tokens
  }
  return { inputTokens, estimated: false, raw: { dialect: gigachat, body: { usages } } }
}
