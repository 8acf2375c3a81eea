import { z } from 'zod'
import { geminiChatApi } from '../dialects/gemini/chat-api.ts'
import { geminiEmbeddingApi } from '../dialects/gemini/embedding-api.ts'
import { geminiSupport, geminiSupportOf } from '../dialects/gemini/support.ts'
import { discoverModels } from './gemini-discovery.ts'
import { geminiModels } from './gemini-models.ts'
import { url } from './openai-compatible.ts'
import { defineProvider, type Provider } from './provider.ts'

/** Google's Gemini API, with a key of AI Studio. */
export const gemini = defineProvider({
  type: 'gemini',
  settings: z.strictObject({
    base_url: url.default('https://generativelanguage.googleapis.com/v1beta'),
    api_key: z.string().min(1),
    safety_settings: z
      .record(
        z.string().regex(/^HARM_CATEGORY_[A-Z_]+$/, 'must be a HARM_CATEGORY_…'),
        z.enum([
          'OFF',
          'BLOCK_NONE',
          'BLOCK_ONLY_HIGH',
          'BLOCK_MEDIUM_AND_ABOVE',
          'BLOCK_LOW_AND_ABOVE',
        ]),
      )
      .optional(),
  }),
  fromEnvironment: ({ GEMINI_API_KEY }) =>
    GEMINI_API_KEY ? { api_key: GEMINI_API_KEY } : undefined,
  create: (
    id,
    { base_url: baseUrl, api_key: key, safety_settings: safetySettings },
    connection,
  ) => {
    const authorize: Provider['authorize'] = (request) => ({
      ...request,
      headers: { ...request.headers, 'x-goog-api-key': key },
    })
    return {
      id,
      baseUrl,
      authorize,
      support: geminiSupport,
      supportOf: geminiSupportOf,
      chat: geminiChatApi({ safetySettings }),
      embeddings: geminiEmbeddingApi,
      discover: discoverModels({ baseUrl, authorize }),
      models: geminiModels,
      openModels: true,
      connection,
    }
  },
})
