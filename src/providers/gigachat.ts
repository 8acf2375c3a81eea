import { z } from 'zod'
import { gigachatChatApi } from '../dialects/gigachat/chat-api.ts'
import { gigachatEmbeddingApi } from '../dialects/gigachat/embedding-api.ts'
import { gigachatSupport } from '../dialects/gigachat/support.ts'
import { gigachatV2ChatApi } from '../dialects/gigachat/v2-chat-api.ts'
import { gigachatV2Support } from '../dialects/gigachat/v2-support.ts'
import { discoverModels, gigachatModels } from './gigachat-models.ts'
import { fetchAccessToken } from './gigachat-oauth.ts'
import { TokenSource } from './gigachat-token.ts'
import { url } from './openai-compatible.ts'
import { defineProvider, type Provider } from './provider.ts'

const settings = z.strictObject({
  /** v2 has tools that the service runs itself; v1 is the older and better known. */
  api: z.enum(['v1', 'v2']).default('v1'),
  base_url: url.optional(),
  auth_url: url.default('https://ngw.devices.sberbank.ru:9443/api/v2/oauth'),
  credentials: z.string().min(1),
  scope: z
    .enum(['GIGACHAT_API_PERS', 'GIGACHAT_API_B2B', 'GIGACHAT_API_CORP'])
    .default('GIGACHAT_API_PERS'),
  /** Who tells the result of a function in v2: what is known of it contradicts itself. */
  result_role: z.enum(['function', 'tool']).default('function'),
})

/** Sber's GigaChat; its certificates need `ca_file`. */
export const gigachat = defineProvider({
  type: 'gigachat',
  settings,
  secret: 'credentials',
  fromEnvironment: (environment) =>
    environment['GIGACHAT_CREDENTIALS']
      ? Object.fromEntries(
          Object.entries(variables).flatMap(([setting, name]) => {
            const value = environment[name]
            return value ? [[setting, value]] : []
          }),
        )
      : undefined,
  create: (id, given, connection) => {
    const { credentials, scope, auth_url: authUrl } = given
    const api = given.api === 'v1' ? v1 : v2(given.result_role)
    const baseUrl = given.base_url ?? `https://api.giga.chat/${given.api}`
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
      ...api,
      discover: discoverModels({ baseUrl: withModels(baseUrl), authorize }),
      openModels: true,
      connection,
    }
  },
})

const v1 = {
  support: gigachatSupport,
  chat: gigachatChatApi,
  embeddings: gigachatEmbeddingApi,
  models: gigachatModels,
}

/** Vectors are made by v1 alone. */
function v2(
  resultRole: z.infer<typeof settings>['result_role'],
): Pick<Provider, 'support' | 'chat' | 'models'> {
  return {
    support: gigachatV2Support,
    chat: gigachatV2ChatApi({ resultRole }),
    models: gigachatModels.filter(({ features }) => !features?.includes('embeddings')),
  }
}

/** Models are listed by v1 alone. */
function withModels(baseUrl: string): string {
  return baseUrl.replace(/\/v2$/, '/v1')
}

/** The names that Sber's own SDK reads. */
const variables = {
  credentials: 'GIGACHAT_CREDENTIALS',
  scope: 'GIGACHAT_SCOPE',
  base_url: 'GIGACHAT_BASE_URL',
  auth_url: 'GIGACHAT_AUTH_URL',
  ca_file: 'GIGACHAT_CA_BUNDLE_FILE',
}
