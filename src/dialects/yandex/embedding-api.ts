import type { EmbeddingApi, EmbeddingBatch } from '../../protocol/embedding.ts'
import { unusableVectors } from '../broken-answer.ts'
import { isRecord, text } from '../narrow.ts'
import { floatsOf } from '../openai-embeddings/base64.ts'
import { decodeYandexError } from './decode-error.ts'
import { yandex } from './dialect.ts'
import { count } from './usage.ts'

/** Vectors as the native REST API makes them: one text in a call. */
export function yandexEmbeddingApi({
  modelUri,
}: {
  modelUri: (model: string) => string
}): EmbeddingApi {
  return {
    dialect: yandex,
    path: () => '/textEmbedding',
    inputsMax: 1,
    tokens: false,
    dimensions: true,
    dimensionsOf: takesDimensions,
    encodeRequest: ({ inputs: [input], dimensions }, model) => ({
      modelUri: modelUri(model),
      text: input,
      // Protobuf writes 64-bit integers as strings.
      ...(dimensions !== undefined && { dim: String(dimensions) }),
    }),
    decodeBody,
    decodeError: decodeYandexError,
  }
}

/** The models of the first generation make vectors of one length. */
export function takesDimensions(model: string): boolean {
  return !/\btext-search-(doc|query)\b/.test(model)
}

function decodeBody(body: unknown): EmbeddingBatch {
  const vector = isRecord(body) ? floatsOf(body['embedding']) : undefined
  if (!isRecord(body) || !vector) throw unusableVectors()
  const { numTokens } = body
  const inputTokens = count(numTokens)
  return {
    vectors: [vector],
    ...(inputTokens !== undefined && {
      usage: { inputTokens, estimated: false, raw: { dialect: yandex, body: { numTokens } } },
    }),
    upstreamModel: text(body['modelVersion']),
  }
}
