import { z } from 'zod'
import { azureChatApi, azureEmbeddingApi } from '../dialects/openai-chat/azure.ts'
import { openaiChatSupport } from '../dialects/openai-chat/support.ts'
import { azureModel } from './azure-models.ts'
import { url } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'

/** Models of Azure OpenAI: a model's name is the name of its deployment. */
export const azure = defineProvider({
  type: 'azure',
  settings: z.strictObject({
    endpoint: url,
    api_key: z.string().min(1),
    /** A dated version is the API of before August 2025, where the path names the deployment. */
    api_version: z
      .string()
      .regex(/^(v1|preview|latest|\d{4}-\d{2}-\d{2}(-preview)?)$/, 'must be v1, preview or a date')
      .optional(),
    /** The model behind each deployment. */
    deployments: z.record(z.string().min(1), z.string().min(1)).optional(),
  }),
  fromEnvironment: (environment) => {
    const { AZURE_OPENAI_API_KEY: key, AZURE_OPENAI_ENDPOINT: endpoint } = environment
    const version = environment['AZURE_OPENAI_API_VERSION'] ?? environment['OPENAI_API_VERSION']
    return key && endpoint
      ? { api_key: key, endpoint, ...(version && { api_version: version }) }
      : undefined
  },
  create: (id, { endpoint, api_key: key, api_version: version, deployments = {} }, connection) => ({
    id,
    // The portal shows the endpoint in several forms.
    baseUrl: `${endpoint.replace(/\/openai(\/v1)?$/, '')}/openai`,
    authorize: (request) => ({ ...request, headers: { ...request.headers, 'api-key': key } }),
    support: {
      ...openaiChatSupport,
      top_k: 'ignored',
      reasoning_budget: 'ignored',
      reasoning_summary: 'ignored',
      cache_control: 'ignored',
    },
    embeddings: azureEmbeddingApi(version),
    chat: azureChatApi(version),
    models: Object.entries(deployments).map(([name, model]) => azureModel(name, model)),
    openModels: true,
    connection,
  }),
})
