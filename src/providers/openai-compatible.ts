import { z } from 'zod'
import { openaiChatApi } from '../dialects/openai-chat/chat-api.ts'
import { openaiChatSupport } from '../dialects/openai-chat/support.ts'
import { openaiEmbeddingApi } from '../dialects/openai-embeddings/embedding-api.ts'
import { discoverListed, usualKind } from './openai-discovery.ts'
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
  create: (id, { base_url: baseUrl, api_key: key, models }, connection) => {
    const upstream = { baseUrl, authorize: bearer(key) }
    return {
      ...upstream,
      id,
      support: openaiChatSupport,
      embeddings: openaiEmbeddingApi(),
      chat: openaiChatApi({ extensions: { topK: true, reasoning: true, cacheMarks: true } }),
      // Where the configuration names the models there are no others; the list may know more of these.
      discover: discoverListed(upstream, (name) =>
        models === undefined || models.includes(name) ? usualKind(name) : 'other',
      ),
      models: (models ?? []).map((name) => ({ name })),
      openModels: models === undefined,
      connection,
    }
  },
})

/** Signs with a bearer key, or not at all where the server wants none. */
export function bearer(key: string | undefined): Provider['authorize'] {
  return (request) =>
    key === undefined
      ? request
      : { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } }
}
