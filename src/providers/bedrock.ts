import { z } from 'zod'
import { bedrockChatApi } from '../dialects/bedrock-converse/chat-api.ts'
import { bedrockSupport, bedrockSupportOf } from '../dialects/bedrock-converse/support.ts'
import { signAws } from '../lib/aws-sign.ts'
import { discoverModels } from './bedrock-discovery.ts'
import { bedrockModels } from './bedrock-models.ts'
import { bearer, url } from './openai-compatible.ts'
import { defineProvider, type Provider } from './provider.ts'

const settings = z
  .strictObject({
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1'),
    /** A key of Bedrock's own, which stands before those of AWS. */
    api_key: z.string().min(1).optional(),
    access_key_id: z.string().min(1).optional(),
    secret_access_key: z.string().min(1).optional(),
    session_token: z.string().min(1).optional(),
    base_url: url.optional(),
    guardrail: z
      .strictObject({ id: z.string().min(1), version: z.string().regex(/^(\d+|DRAFT)$/) })
      .optional(),
  })
  .refine((given) => given.api_key !== undefined || given.access_key_id !== undefined, {
    path: ['api_key'],
    message: 'set this, or access_key_id and secret_access_key',
    when: () => true,
  })
  .refine(
    (given) => (given.access_key_id === undefined) === (given.secret_access_key === undefined),
    {
      path: ['secret_access_key'],
      message: 'access_key_id and secret_access_key belong together',
      when: () => true,
    },
  )

/** AWS Bedrock: the models of many vendors, by Converse. */
export const bedrock = defineProvider({
  type: 'bedrock',
  settings,
  fromEnvironment: (environment) => {
    const found = Object.entries(variables).flatMap(([setting, names]) => {
      const value = names.map((name) => environment[name]).find(Boolean)
      return value === undefined ? [] : [[setting, value]]
    })
    const {
      region,
      api_key: key,
      secret_access_key: secret,
    }: Record<string, string> = Object.fromEntries(found)
    return region !== undefined && (key ?? secret) !== undefined
      ? Object.fromEntries(found)
      : undefined
  },
  create: (id, given, connection) => {
    const authorize = authorizer(given)
    return {
      id,
      baseUrl: given.base_url ?? hostOf('bedrock-runtime', given.region),
      authorize,
      support: bedrockSupport,
      supportOf: bedrockSupportOf,
      chat: bedrockChatApi({ guardrail: given.guardrail }),
      // The lists are another service's; an address of one's own is taken to have both.
      discover: discoverModels(given.base_url ?? hostOf('bedrock', given.region), authorize),
      models: bedrockModels,
      openModels: true,
      connection,
    }
  },
})

/** The names that AWS's own SDKs read. */
const variables = {
  region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  api_key: ['AWS_BEARER_TOKEN_BEDROCK'],
  access_key_id: ['AWS_ACCESS_KEY_ID'],
  secret_access_key: ['AWS_SECRET_ACCESS_KEY'],
  session_token: ['AWS_SESSION_TOKEN'],
}

function hostOf(service: string, region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://${service}.${region}.${domain}`
}

function authorizer(given: z.infer<typeof settings>): Provider['authorize'] {
  const { region, api_key: key, access_key_id: accessKeyId = '' } = given
  if (key !== undefined) return bearer(key)
  const { secret_access_key: secretAccessKey = '', session_token: sessionToken } = given
  const credentials = { accessKeyId, secretAccessKey, sessionToken }
  const scope = { service: 'bedrock', region, cache: new Map<string, ArrayBuffer>() }
  return async (request) => ({ ...request, headers: await signAws(request, credentials, scope) })
}
