import type { EmbeddingApi, EmbeddingBatch, EmbeddingRequest } from '../../protocol/embedding.ts'
import { unusableVectors } from '../broken-answer.ts'
import { isRecord } from '../narrow.ts'
import { decodeGeminiError } from './decode-error.ts'
import { gemini } from './dialect.ts'
import { modelPath } from './model-path.ts'

/** Vectors as the Gemini API makes them; it does not say how many tokens they took. */
export const geminiEmbeddingApi: EmbeddingApi = {
  dialect: gemini,
  path: (model) => `/${modelPath(model)}:batchEmbedContents`,
  inputsMax: 100,
  tokens: false,
  dimensions: true,
  encodeRequest,
  decodeBody,
  decodeError: decodeGeminiError,
}

/** Each text is a request of its own, which names the model once more. */
function encodeRequest({ inputs, dimensions }: EmbeddingRequest, model: string): unknown {
  return {
    requests: inputs.map((text) => ({
      model: modelPath(model),
      content: { parts: [{ text }] },
      ...(dimensions !== undefined && { outputDimensionality: dimensions }),
    })),
  }
}

function decodeBody(body: unknown, count: number): EmbeddingBatch {
  const list = isRecord(body) ? body['embeddings'] : undefined
  if (!Array.isArray(list) || list.length !== count) throw unusableVectors()
  return { vectors: list.map(vectorOf) }
}

function vectorOf(embedding: unknown): number[] {
  const values = isRecord(embedding) ? embedding['values'] : undefined
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'number')) {
    throw unusableVectors()
  }
  return values
}
