import { z } from 'zod'
import { xaiSupport, xaiSupportOf } from '../dialects/openai-chat/xai-traits.ts'
import { xaiChatApi } from '../dialects/openai-chat/xai.ts'
import { bearer, url } from './openai-compatible.ts'
import { discoverListed } from './openai-discovery.ts'
import { defineProvider } from './provider.ts'
import { xaiModels } from './xai-models.ts'

/** xAI's Grok. */
export const xai = defineProvider({
  type: 'xai',
  settings: z.strictObject({
    base_url: url.default('https://api.x.ai/v1'),
    api_key: z.string().min(1),
  }),
  fromEnvironment: ({ XAI_API_KEY }) => (XAI_API_KEY ? { api_key: XAI_API_KEY } : undefined),
  create: (id, { base_url: baseUrl, api_key: key }, connection) => ({
    id,
    baseUrl,
    authorize: bearer(key),
    support: xaiSupport,
    supportOf: xaiSupportOf,
    chat: xaiChatApi(),
    discover: discoverListed({ baseUrl, authorize: bearer(key) }, (name) =>
      name.startsWith('grok') && !/imag|video/.test(name) ? 'chat' : 'other',
    ),
    models: xaiModels,
    openModels: true,
    connection,
  }),
})
