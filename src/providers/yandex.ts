import { z } from 'zod'
import { yandexChatApi } from '../dialects/yandex/chat-api.ts'
import { yandexEmbeddingApi } from '../dialects/yandex/embedding-api.ts'
import { nothingBut } from '../protocol/features.ts'
import { url } from './openai-compatible.ts'
import { defineProvider, type Provider } from './provider.ts'
import { discoverModels } from './yandex-discovery.ts'
import { yandexNativeModels, yandexModels } from './yandex-models.ts'
import { yandexOpenaiApi, yandexOpenaiEmbeddingApi, yandexOpenaiSupport } from './yandex-openai.ts'

const settings = z
  .strictObject({
    /** The service's own API, for its own models; or the OpenAI-compatible one, for all of them. */
    api: z.enum(['native', 'openai']).default('native'),
    api_key: z.string().min(1).optional(),
    iam_token: z.string().min(1).optional(),
    folder_id: z.string().min(1),
    base_url: url.optional(),
  })
  .refine((given) => given.api_key !== undefined || given.iam_token !== undefined, {
    path: ['api_key'],
    message: 'set this or iam_token',
    when: () => true,
  })
  .refine((given) => given.api_key === undefined || given.iam_token === undefined, {
    path: ['iam_token'],
    message: 'set either this or api_key (YANDEX_API_KEY sets it too), not both',
    when: () => true,
  })

type Settings = z.infer<typeof settings>

const compatibleHost = 'https://ai.api.cloud.yandex.net'

export const yandex = defineProvider({
  type: 'yandex',
  settings,
  fromEnvironment: ({ YANDEX_API_KEY, YANDEX_FOLDER_ID }) =>
    YANDEX_API_KEY && YANDEX_FOLDER_ID
      ? { api_key: YANDEX_API_KEY, folder_id: YANDEX_FOLDER_ID }
      : undefined,
  create: (id, given, connection) => ({
    id,
    connection,
    openModels: true,
    ...(given.api === 'native' ? native(given) : compatible(given)),
  }),
})

type Api = Pick<
  Provider,
  'baseUrl' | 'authorize' | 'support' | 'chat' | 'embeddings' | 'discover' | 'models'
>

function native(given: Settings): Api {
  return {
    baseUrl: withPath(given.base_url ?? 'https://llm.api.cloud.yandex.net', '/foundationModels/v1'),
    authorize: signed(given, 'x-folder-id'),
    // This API has no list; that of the other one has the models of both.
    ...(given.base_url === undefined && { discover: discoverOwn(given) }),
    support: nothingBut({
      temperature: {
        emulated: 'sent as 1, the highest that it takes',
        when: ({ temperature = 0 }) => temperature > 1,
      },
      max_tokens: 'native',
      reasoning_effort: {
        emulated: 'hidden reasoning is switched on, of which there is one degree',
        when: ({ reasoningEffort }) => reasoningEffort !== 'none',
      },
      parallel_tool_calls: 'native',
      tool_strict: 'native',
      json_object: 'native',
      json_schema: 'native',
      tools: 'native',
      tool_choice_none: 'native',
      tool_choice_required: 'native',
      tool_choice_named: 'native',
      later_system: 'native',
      developer: 'native',
      tool_history: 'native',
      parallel_tool_history: 'native',
      refusal_history: { emulated: 'sent as the text of the assistant' },
    }),
    chat: yandexChatApi({ modelUri: (model) => modelUri(given.folder_id, model) }),
    embeddings: yandexEmbeddingApi({ modelUri: (model) => vectorUri(given.folder_id, model) }),
    models: yandexNativeModels,
  }
}

/** The native API serves Yandex's own models, fine-tuned ones too, and vectors. */
function discoverOwn(given: Settings): NonNullable<Provider['discover']> {
  const list = discoverModels(
    { baseUrl: withPath(compatibleHost, '/v1'), authorize: signed(given, 'openai-project') },
    given.folder_id,
  )
  return async (send) =>
    (await list(send)).filter(
      ({ name, features }) => name.startsWith('yandexgpt') || features?.includes('embeddings'),
    )
}

function compatible(given: Settings): Api {
  const baseUrl = withPath(given.base_url ?? compatibleHost, '/v1')
  const authorize = signed(given, 'openai-project')
  return {
    baseUrl,
    authorize,
    discover: discoverModels({ baseUrl, authorize }, given.folder_id),
    support: yandexOpenaiSupport,
    chat: yandexOpenaiApi({ modelUri: (model) => modelUri(given.folder_id, model) }),
    embeddings: yandexOpenaiEmbeddingApi({
      modelUri: (model) => vectorUri(given.folder_id, model),
    }),
    models: yandexModels,
  }
}

function signed(
  { api_key: key, iam_token: token, folder_id: folder }: Settings,
  folderHeader: string,
): Provider['authorize'] {
  const authorization = key === undefined ? `Bearer ${token}` : `Api-Key ${key}`
  return (request) => ({
    ...request,
    headers: { ...request.headers, authorization, [folderHeader]: folder },
  })
}

/**
 * `yandexgpt:rc` is the branch `rc`, and without a branch a model is its `latest`. A full URI goes as
 * it is: fine-tuned models of other schemes and models of other folders have no shorter name.
 */
function modelUri(folder: string, model: string, scheme = 'gpt'): string {
  if (/^[a-z]+:\/\//.test(model)) return model
  const path = model.replace(':', '/')
  return `${scheme}://${folder}/${path.includes('/') ? path : `${path}/latest`}`
}

function vectorUri(folder: string, model: string): string {
  return modelUri(folder, model, 'emb')
}

/** A host alone stands for the place where the API is on the service's own host. */
function withPath(base: string, path: string): string {
  return new URL(base).pathname === '/' ? base + path : base
}
