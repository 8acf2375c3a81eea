import { z } from 'zod'
import { ollamaChatApi } from '../dialects/ollama/chat-api.ts'
import { ollamaEmbeddingApi } from '../dialects/ollama/embedding-api.ts'
import { ollamaSupport } from '../dialects/ollama/support.ts'
import { OllamaEndpoints } from './ollama-endpoints.ts'
import { bearer, url } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'

const urls = z.array(url).min(1, 'must have at least one URL')

/** Servers that run open models, and Ollama's cloud, by their own API. */
export const ollama = defineProvider({
  type: 'ollama',
  settings: z.strictObject({
    /** A list, or text with commas as environment variables have it. */
    endpoints: z
      .union([
        z.string().transform((text) => text.split(',').map((each) => each.trim())),
        z.unknown(),
      ])
      .pipe(urls)
      .default(['http://127.0.0.1:11434']),
    api_key: z.string().min(1).optional(),
    keep_alive: z.union([z.string().min(1), z.int()]).optional(),
    options: z.record(z.string(), z.unknown()).optional(),
  }),
  fromEnvironment: ({ OLLAMA_BASE_URL, OLLAMA_API_KEY }) =>
    OLLAMA_BASE_URL
      ? { endpoints: OLLAMA_BASE_URL, ...(OLLAMA_API_KEY && { api_key: OLLAMA_API_KEY }) }
      : undefined,
  create: (id, { endpoints: given, api_key: key, keep_alive: keepAlive, options }, connection) => {
    const [baseUrl = ''] = given
    const sign = bearer(key)
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const endpoints = new OllamaEndpoints(given, headers)
    return {
      id,
      baseUrl,
      authorize: async (request, send) => {
        const { model, url: asked } = request
        if (model === undefined) return sign(request, send)
        const place = await endpoints.choose(model, async (own) => send(await sign(own, send)))
        return sign({ ...request, url: place + asked.slice(baseUrl.length) }, send)
      },
      passOver: (unreached) => endpoints.passOver(unreached),
      support: ollamaSupport,
      chat: ollamaChatApi({ keepAlive, options }),
      embeddings: ollamaEmbeddingApi({ keepAlive, options }),
      discover: (send) => endpoints.discover(async (own) => send(await sign(own, send))),
      models: [],
      openModels: true,
      connection,
    }
  },
})
