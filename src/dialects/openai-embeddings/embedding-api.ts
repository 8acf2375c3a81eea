import type { EmbeddingApi, EmbeddingBatch, EmbeddingRequest } from '../../protocol/embedding.ts'
import type { Usage } from '../../protocol/usage.ts'
import { unusableVectors } from '../broken-answer.ts'
import { isRecord, text } from '../narrow.ts'
import { decodeChatError, decodeInlineError } from '../openai-chat/decode-error.ts'
import { isFailure } from '../openai-chat/read-error.ts'
import { decodeUsage } from '../openai-chat/usage.ts'
import { decodeVectors } from './decode-vectors.ts'
import { openaiEmbeddings } from './dialect.ts'

/** What servers that copied OpenAI do in another way. */
type Differences = Partial<
  Pick<
    EmbeddingApi,
    'path' | 'inputsMax' | 'tokens' | 'dimensions' | 'dimensionsOf' | 'endUser' | 'decodeError'
  >
>

/** Embeddings as OpenAI and all that copied it make them. */
export function openaiEmbeddingApi(differences: Differences = {}): EmbeddingApi {
  return {
    dialect: openaiEmbeddings,
    path: () => '/embeddings',
    inputsMax: 2048,
    tokens: true,
    dimensions: true,
    endUser: true,
    encodeRequest,
    decodeBody,
    decodeError: decodeChatError,
    ...differences,
  }
}

function encodeRequest(request: EmbeddingRequest, model: string): Record<string, unknown> {
  const { inputs, dimensions, endUserId, passthrough } = request
  return {
    ...(passthrough?.dialect === openaiEmbeddings && passthrough.members),
    model,
    input: inputs,
    encoding_format: 'float',
    ...(dimensions !== undefined && { dimensions }),
    ...(endUserId !== undefined && { user: endUserId }),
  }
}

function decodeBody(body: unknown, count: number): EmbeddingBatch {
  if (!isRecord(body)) throw unusableVectors()
  if (isFailure(body)) throw decodeInlineError(body)
  const vectors = decodeVectors(body['data'], count)
  return { vectors, usage: usageOf(body), upstreamModel: text(body['model']) }
}

/** Only the prompt is counted; the total that some servers leave out is the same. */
function usageOf(body: Record<string, unknown>): Usage | undefined {
  const usage = decodeUsage(body['usage'])
  return usage && { ...usage, outputTokens: undefined }
}
