import { z } from 'zod'
import { anthropicMessagesApi, messageHeaders } from '../dialects/anthropic-messages/chat-api.ts'
import { encodeCountRequest } from '../dialects/anthropic-messages/encode-count.ts'
import { decodeAnthropicError } from '../dialects/anthropic-messages/decode-error.ts'
import { anthropicSupport } from '../dialects/anthropic-messages/support.ts'
import { discoverModels } from './anthropic-discovery.ts'
import { anthropicModels, maxOutputTokens } from './anthropic-models.ts'
import { url } from './openai-compatible.ts'
import { defineProvider, type Provider } from './provider.ts'

/** Anthropic's Messages API; the base URL is the host, without `/v1`. */
export const anthropic = defineProvider({
  type: 'anthropic',
  settings: z.strictObject({
    base_url: url.default('https://api.anthropic.com'),
    api_key: z.string().min(1),
  }),
  fromEnvironment: ({ ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL }) =>
    ANTHROPIC_API_KEY
      ? { api_key: ANTHROPIC_API_KEY, ...(ANTHROPIC_BASE_URL && { base_url: ANTHROPIC_BASE_URL }) }
      : undefined,
  create: (id, { api_key: key, base_url: baseUrl }, connection) => {
    const authorize = (request: Parameters<Provider['authorize']>[0]) => ({
      ...request,
      headers: { ...request.headers, 'x-api-key': key },
    })
    return {
      id,
      baseUrl,
      authorize,
      support: anthropicSupport('newest'),
      supportOf: anthropicSupport,
      chat: anthropicMessagesApi({ maxOutputTokens }),
      countTokens: async (request, model, send) => {
        const answer = await send(
          authorize({
            method: 'POST',
            url: `${baseUrl}/v1/messages/count_tokens`,
            headers: { ...countHeaders, ...messageHeaders(request) },
            body: JSON.stringify(encodeCountRequest(request, model)),
          }),
        )
        const counted: unknown = Object(answer.body)['input_tokens']
        if (answer.status === 200 && typeof counted === 'number') return counted
        throw decodeAnthropicError({ headers: {}, ...answer })
      },
      discover: discoverModels({ baseUrl, authorize }),
      models: anthropicModels,
      openModels: true,
      connection,
    }
  },
})

const countHeaders = {
  'content-type': 'application/json',
  accept: 'application/json',
  'user-agent': 'xrouter',
}
