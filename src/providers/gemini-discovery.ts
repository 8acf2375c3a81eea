import { decodeGeminiError } from '../dialects/gemini/decode-error.ts'
import type { ModelInfo, Provider, UpstreamAnswer } from './provider.ts'

/** A list that never ends is no list. */
const pagesMax = 20

/** Lists the models that make content, page by page. */
export function discoverModels({
  baseUrl,
  authorize,
}: Pick<Provider, 'baseUrl' | 'authorize'>): NonNullable<Provider['discover']> {
  return async (send) => {
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const found: ModelInfo[] = []
    let token: string | undefined
    for (let page = 0; page < pagesMax; page += 1) {
      const query = new URLSearchParams({ pageSize: '1000', ...(token && { pageToken: token }) })
      const unsigned = { method: 'GET', url: `${baseUrl}/models?${query}`, headers } as const
      const { models, nextPageToken } = decodeModels(await send(await authorize(unsigned, send)))
      found.push(...models)
      token = nextPageToken
      if (token === undefined) break
    }
    return found
  }
}

/** One page of the list; embeddings, images and videos stand among the models. */
export function decodeModels({ status, body }: UpstreamAnswer): {
  models: ModelInfo[]
  nextPageToken: string | undefined
} {
  const { models, nextPageToken: token } = Object(body)
  if (status !== 200 || !Array.isArray(models)) {
    throw decodeGeminiError({ status, body, headers: {} })
  }
  const nextPageToken = typeof token === 'string' && token !== '' ? token : undefined
  return { models: models.flatMap(decodeModel), nextPageToken }
}

function decodeModel(item: unknown): ModelInfo[] {
  const { name, supportedGenerationMethods: methods, thinking, ...limits } = Object(item)
  if (typeof name !== 'string') return []
  if (!Array.isArray(methods) || !methods.includes('generateContent')) return []
  return [
    {
      name: name.replace(/^models\//, ''),
      contextLength: limit(limits.inputTokenLimit),
      maxOutputTokens: limit(limits.outputTokenLimit),
      features: ['streaming', ...(thinking === true ? ['reasoning'] : [])],
    },
  ]
}

function limit(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}
