import { z } from 'zod'
import { decodeMwsError } from '../dialects/openai-chat/mws-error.ts'
import { mwsChatApi } from '../dialects/openai-chat/mws.ts'
import { copiedChatSupport } from '../dialects/openai-chat/support.ts'
import { openaiEmbeddingApi } from '../dialects/openai-embeddings/embedding-api.ts'
import { mtsModels } from './mts-models.ts'
import { bearer, url } from './openai-compatible.ts'
import { discoverListed } from './openai-discovery.ts'
import { defineProvider } from './provider.ts'

/** MWS GPT Model Hub of MTS; with a `base_url` also a server of one's own with Cotype. */
export const mts = defineProvider({
  type: 'mts',
  settings: z
    .strictObject({
      api_key: z.string().min(1),
      project: z.string().min(1).optional(),
      base_url: url.optional(),
    })
    .refine(({ project, base_url: base }) => project !== undefined || base !== undefined, {
      path: ['project'],
      message: 'set this or base_url',
      when: () => true,
    }),
  fromEnvironment: ({ MWS_API_KEY, MWS_PROJECT }) =>
    MWS_API_KEY && MWS_PROJECT ? { api_key: MWS_API_KEY, project: MWS_PROJECT } : undefined,
  create: (id, { api_key: key, project = '', base_url: base }, connection) => {
    const hub = `https://gpt.mwsapis.ru/projects/${encodeURIComponent(project)}/openai/v1`
    const upstream = { baseUrl: base ?? hub, authorize: bearer(key) }
    return {
      ...upstream,
      id,
      support: { ...copiedChatSupport, top_k: 'ignored', reasoning_history: 'ignored' },
      embeddings: openaiEmbeddingApi({ decodeError: decodeMwsError }),
      chat: mwsChatApi(),
      discover: discoverListed(upstream),
      models: base === undefined ? mtsModels : [],
      openModels: true,
      connection,
    }
  },
})
