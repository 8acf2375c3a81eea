import { z } from 'zod'
import { openaiChatApi } from '../dialects/openai-chat/chat-api.ts'
import { openaiChatSupport } from '../dialects/openai-chat/support.ts'
import { openaiEmbeddingApi } from '../dialects/openai-embeddings/embedding-api.ts'
import { defineProvider, type Provider } from './provider.ts'

/** An http(s) URL without its trailing slash. */
export const url = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .transform((text) => text.replace(/\/+$/, ''))

export const openaiCompatible = defineProvider({
  type: 'openai-compatible',
  settings: z.strictObject({
    base_url: url,
    api_key: z.string().min(1).optional(),
    models: z.array(z.string().min(1)).optional(),
  }),
  create: (id, settings, connection) => ({
    id,
    baseUrl: settings.base_url,
    authorize: bearer(settings.api_key),
    support: openaiChatSupport,
    embeddings: openaiEmbeddingApi(),
    chat: openaiChatApi({ extensions: { topK: true, reasoning: true, cacheMarks: true } }),
    models: (settings.models ?? []).map((name) => ({ name })),
    openModels: settings.models === undefined,
    connection,
  }),
})

/** Signs with a bearer key, or not at all where the server wants none. */
export function bearer(key: string | undefined): Provider['authorize'] {
  return (request) =>
    key === undefined
      ? request
      : { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } }
}
