import { z } from 'zod'
import { openaiChatApi } from '../dialects/openai-chat/chat-api.ts'
import { openaiChatSupport } from '../dialects/openai-chat/support.ts'
import { openaiEmbeddingApi } from '../dialects/openai-embeddings/embedding-api.ts'
import { openaiResponsesApi } from '../dialects/openai-responses/chat-api.ts'
import { openaiModels, openaiResponsesModels } from './openai-models.ts'
import { bearer, url } from './openai-compatible.ts'
import { discoverListed, usualKind, type ListedKind } from './openai-discovery.ts'
import { responsesSupport, sealsReasoning } from './openai-responses.ts'
import { defineProvider, type Provider } from './provider.ts'

export const openai = defineProvider({
  type: 'openai',
  settings: z.strictObject({
    base_url: url.default('https://api.openai.com/v1'),
    api_key: z.string().min(1),
    /** Chat completions, or the Responses API, which returns sealed reasoning and runs tools of its own. */
    api: z.enum(['chat', 'responses']).default('chat'),
  }),
  fromEnvironment: ({ OPENAI_API_KEY, OPENAI_BASE_URL }) =>
    OPENAI_API_KEY
      ? { api_key: OPENAI_API_KEY, ...(OPENAI_BASE_URL && { base_url: OPENAI_BASE_URL }) }
      : undefined,
  create: (id, { base_url: baseUrl, api_key: key, api }, connection) => {
    const upstream = { baseUrl, authorize: bearer(key) }
    return {
      ...upstream,
      ...(api === 'responses' ? viaResponses : viaChat),
      id,
      embeddings: openaiEmbeddingApi(),
      discover: discoverListed(upstream, (name) => kindOf(name, api)),
      models: api === 'responses' ? openaiResponsesModels : openaiModels,
      openModels: true,
      connection,
    }
  },
})

/** The list has models of every API: completions of plain text, and those that only Responses has. */
function kindOf(name: string, api: 'chat' | 'responses'): ListedKind {
  if (/^(babbage|davinci)|-instruct|-image/.test(name)) return 'other'
  const responsesOnly = /-pro(-\d|$)|codex|deep-research|computer-use/.test(name)
  return responsesOnly && api === 'chat' ? 'other' : usualKind(name)
}

const viaChat = {
  support: {
    ...openaiChatSupport,
    top_k: 'ignored',
    reasoning_budget: 'ignored',
    reasoning_summary: 'ignored',
    cache_control: 'ignored',
  },
  chat: openaiChatApi({ maxTokensField: 'max_completion_tokens', insists: sealsReasoning }),
} satisfies Partial<Provider>

const viaResponses = {
  support: responsesSupport,
  chat: openaiResponsesApi({ reasons: sealsReasoning }),
} satisfies Partial<Provider>
