import type { EmbeddingApi, EmbeddingBatch } from '../../protocol/embedding.ts'
import { unusableVectors } from '../broken-answer.ts'
import { isRecord, text } from '../narrow.ts'
import { floatsOf } from '../openai-embeddings/base64.ts'
import { decodeOllamaError } from './decode-error.ts'
import { ollama } from './dialect.ts'
import type { OllamaSettings } from './settings.ts'
import { decodeUsage } from './usage.ts'

/** Vectors as Ollama's `/api/embed` makes them. */
export function ollamaEmbeddingApi({ keepAlive, options }: OllamaSettings = {}): EmbeddingApi {
  return {
    dialect: ollama,
    path: () => '/api/embed',
    inputsMax: 512,
    tokens: false,
    dimensions: true,
    encodeRequest: ({ inputs, dimensions }, model) => ({
      model,
      input: inputs,
      // Otherwise the end of a text that is too long is left out without a word.
      truncate: false,
      ...(dimensions !== undefined && { dimensions }),
      ...(keepAlive !== undefined && { keep_alive: keepAlive }),
      ...(options && { options }),
    }),
    decodeBody,
    decodeError: decodeOllamaError,
  }
}

function decodeBody(body: unknown, count: number): EmbeddingBatch {
  const list = isRecord(body) ? body['embeddings'] : undefined
  if (!isRecord(body) || !Array.isArray(list) || list.length !== count) throw unusableVectors()
  const vectors = list.map((value: unknown) => {
    const vector = floatsOf(value)
    if (!vector) throw unusableVectors()
    return vector
  })
  return { vectors, usage: decodeUsage(body), upstreamModel: text(body['model']) }
}
