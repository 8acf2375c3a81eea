import { z } from 'zod'
import { copiedChatSupport } from '../dialects/openai-chat/support.ts'
import { isBetween, thinkingSwitchApi } from '../dialects/openai-chat/thinking-switch.ts'
import { openaiEmbeddingApi } from '../dialects/openai-embeddings/embedding-api.ts'
import type { FeatureSupport } from '../protocol/features.ts'
import { bearer, url } from './openai-compatible.ts'
import { discoverListed, usualKind } from './openai-discovery.ts'
import { defineProvider } from './provider.ts'
import { cloudModels } from './tbank-models.ts'

const cloud = 'https://foundation-models.api.cloud.ru/v1'

/** T-Bank's open models, which others serve: Cloud.ru by default, or a vLLM of one's own. */
export const tbank = defineProvider({
  type: 'tbank',
  settings: z.strictObject({ base_url: url.default(cloud), api_key: z.string().min(1).optional() }),
  create: (id, { base_url: baseUrl, api_key: key }, connection) => {
    const upstream = { baseUrl, authorize: bearer(key) }
    const isCloud = baseUrl === cloud
    return {
      ...upstream,
      id,
      support,
      supportOf,
      embeddings: openaiEmbeddingApi(),
      chat: thinkingSwitchApi(isHybrid),
      // The cloud has the models of many; a server of one's own may call its models as it likes.
      discover: discoverListed(upstream, (name) =>
        isCloud && !name.startsWith('t-tech/') ? 'other' : usualKind(name),
      ),
      models: isCloud ? cloudModels : [],
      openModels: true,
      connection,
    }
  },
})

/** The one generation that thinks before it answers, or not. */
function isHybrid(model: string): boolean {
  return /t-pro-it-2\.0/i.test(model)
}

const support: FeatureSupport = {
  ...copiedChatSupport,
  reasoning_history: 'ignored',
  reasoning_effort: 'ignored',
  image_url: 'refused',
  image_data: 'refused',
}

function supportOf(model: string): FeatureSupport {
  const lite = /t-lite-it-1\.0/i.test(model)
  return {
    ...support,
    ...(isHybrid(model) && {
      reasoning_effort: {
        emulated: 'thinking is switched on or off, there are no degrees',
        when: isBetween,
      },
    }),
    ...(lite && { tools: 'refused', tool_history: 'refused', parallel_tool_history: 'refused' }),
  }
}
