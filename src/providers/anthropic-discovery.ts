import { anthropicVersion } from '../dialects/anthropic-messages/chat-api.ts'
import { decodeAnthropicError } from '../dialects/anthropic-messages/decode-error.ts'
import { anthropicModel } from './anthropic-models.ts'
import type { ModelInfo, Send, UpstreamAnswer, UpstreamRequest } from './provider.ts'

interface Api {
  baseUrl: string
  authorize(request: UpstreamRequest): UpstreamRequest
}

const pagesMax = 20

/** Lists the models that the key may use, page by page. */
export function discoverModels(api: Api): (send: Send) => Promise<ModelInfo[]> {
  return async (send) => {
    const found: ModelInfo[] = []
    let after: string | undefined
    for (let page = 0; page < pagesMax; page += 1) {
      const answer = await send(api.authorize(pageRequest(api.baseUrl, after)))
      const { models, next } = decodePage(answer)
      found.push(...models)
      if (next === undefined || next === after) break
      after = next
    }
    return found
  }
}

/** One page of the list, and where the next one begins. */
export function decodePage(answer: UpstreamAnswer): {
  models: ModelInfo[]
  next: string | undefined
} {
  const body: { data?: unknown; has_more?: unknown; last_id?: unknown } = Object(answer.body)
  if (answer.status !== 200 || !Array.isArray(body.data)) {
    throw decodeAnthropicError({ headers: {}, ...answer })
  }
  const next = body.has_more === true && typeof body.last_id === 'string' ? body.last_id : undefined
  return { models: body.data.flatMap(decodeModel), next }
}

function pageRequest(baseUrl: string, after: string | undefined): UpstreamRequest {
  const query = new URLSearchParams({
    limit: '1000',
    ...(after !== undefined && { after_id: after }),
  })
  return {
    method: 'GET',
    url: `${baseUrl}/v1/models?${query.toString()}`,
    headers: { accept: 'application/json', 'user-agent': 'xrouter', ...anthropicVersion },
  }
}

/** Older answers of the list name no limits. */
function decodeModel(item: unknown): ModelInfo[] {
  const model: { id?: unknown; max_input_tokens?: unknown; max_tokens?: unknown } = Object(item)
  if (typeof model.id !== 'string') return []
  return [
    anthropicModel(model.id, {
      context: limitOf(model.max_input_tokens),
      output: limitOf(model.max_tokens),
    }),
  ]
}

function limitOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}
