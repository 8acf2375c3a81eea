import type { ChatApi } from '../../protocol/chat-api.ts'
import type { EmbeddingApi } from '../../protocol/embedding.ts'
import { openaiEmbeddingApi } from '../openai-embeddings/embedding-api.ts'
import { decodeAzureError } from './azure-error.ts'
import { openaiChatApi } from './chat-api.ts'

/** Completions of Azure OpenAI, by the v1 API or by one of the dated versions before it. */
export function azureChatApi(version: string | undefined): ChatApi {
  const path = pathOf(version)
  const chat = openaiChatApi({
    maxTokensField: knowsNewMembers(version) ? 'max_completion_tokens' : 'max_tokens',
  })
  return {
    ...chat,
    path: (deployment) => path(deployment, 'chat/completions'),
    encodeRequest: (request, deployment) => {
      const body: unknown = chat.encodeRequest(request, deployment)
      if (knowsNewMembers(version)) return body
      const { stream_options: _unknown, ...rest } = Object(body)
      return rest
    },
    decodeError: decodeAzureError,
  }
}

/** Embeddings of Azure OpenAI. */
export function azureEmbeddingApi(version: string | undefined): EmbeddingApi {
  const path = pathOf(version)
  return openaiEmbeddingApi({
    path: (deployment) => path(deployment, 'embeddings'),
    decodeError: decodeAzureError,
  })
}

/** Versions refuse members that came after them; the options of a stream and the newer limit came with this one. */
const newMembersSince = '2024-09-01'

type PathOf = (deployment: string, operation: string) => string

/** With a dated version the path names the deployment; in the v1 API the body does, and the version may be left out. */
function pathOf(version: string | undefined): PathOf {
  const query = version === undefined ? '' : `?api-version=${version}`
  return isDated(version)
    ? (deployment, operation) =>
        `/deployments/${encodeURIComponent(deployment)}/${operation}${query}`
    : (_deployment, operation) => `/v1/${operation}${query}`
}

function knowsNewMembers(version: string | undefined): boolean {
  return !isDated(version) || version >= newMembersSince
}

function isDated(version: string | undefined): version is string {
  return version !== undefined && /^\d/.test(version)
}
