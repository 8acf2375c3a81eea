import { z } from 'zod'
import { gigachatChatApi } from '../dialects/gigachat/chat-api.ts'
import { gigachatEmbeddingApi } from '../dialects/gigachat/embedding-api.ts'
import { gigachatSupport } from '../dialects/gigachat/support.ts'
import { discoverModels, gigachatModels } from './gigachat-models.ts'
import { fetchAccessToken } from './gigachat-oauth.ts'
import { TokenSource } from './gigachat-token.ts'
import { url } from './openai-compatible.ts'
import { defineProvider, type Provider } from './provider.ts'

/** Sber's GigaChat, API v1; its certificates need `ca_file`. */
export const gigachat = defineProvider({
  type: 'gigachat',
  settings: z.strictObject({
    base_url: url.default('https://api.giga.chat/v1'),
    auth_url: url.default('https://ngw.devices.sberbank.ru:9443/api/v2/oauth'),
    credentials: z.string().min(1),
    scope: z
      .enum(['GIGACHAT_API_PERS', 'GIGACHAT_API_B2B', 'GIGACHAT_API_CORP'])
      .default('GIGACHAT_API_PERS'),
  }),
  fromEnvironment: (environment) =>
    environment['GIGACHAT_CREDENTIALS']
      ? Object.fromEntries(
          Object.entries(variables).flatMap(([setting, name]) => {
            const value = environment[name]
            return value ? [[setting, value]] : []
          }),
        )
      : undefined,
  create: (id, { credentials, scope, auth_url: authUrl, base_url: baseUrl }, connection) => {
    const tokens = new TokenSource((send) =>
      fetchAccessToken({ id, credentials, scope, url: authUrl }, send),
    )
    const authorize: Provider['authorize'] = async (request, send) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${await tokens.token(send)}` },
    })
    return {
      id,
      baseUrl,
      authorize,
      renewCredential: ({ headers }) => {
        tokens.drop(headers['authorization']?.slice('Bearer '.length) ?? '')
        return true
      },
      support: gigachatSupport,
      chat: gigachatChatApi,
      embeddings: gigachatEmbeddingApi,
      discover: discoverModels({ baseUrl, authorize }),
      models: gigachatModels,
      openModels: true,
      connection,
    }
  },
})

/** The names that Sber's own SDK reads. */
const variables = {
  credentials: 'GIGACHAT_CREDENTIALS',
  scope: 'GIGACHAT_SCOPE',
  base_url: 'GIGACHAT_BASE_URL',
  auth_url: 'GIGACHAT_AUTH_URL',
  ca_file: 'GIGACHAT_CA_BUNDLE_FILE',
}
