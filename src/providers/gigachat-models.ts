import { decodeGigachatError } from '../dialects/gigachat/decode-error.ts'
import type { ModelInfo, Provider, UpstreamAnswer } from './provider.ts'

/**
 * Names that the service listed; those of the first generation lead to the second. The answer by a
 * schema is only known of the third, and prices are not published where they could be quoted.
 */
export const gigachatModels: ModelInfo[] = [
  second('GigaChat'),
  second('GigaChat-Pro'),
  second('GigaChat-Max'),
  second('GigaChat-2'),
  second('GigaChat-2-Pro'),
  second('GigaChat-2-Max'),
  model('GigaChat-3-Ultra', ['streaming', 'tools', 'json_schema']),
  embedder('Embeddings'),
  embedder('Embeddings-2'),
  embedder('EmbeddingsGigaR'),
]

/** Lists the models that chat, and those that make vectors. */
export function discoverModels({
  baseUrl,
  authorize,
}: Pick<Provider, 'baseUrl' | 'authorize'>): NonNullable<Provider['discover']> {
  return async (send) => {
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const unsigned = { method: 'GET', url: `${baseUrl}/models`, headers } as const
    return decodeModels(await send(await authorize(unsigned, send)))
  }
}

/** The list, or a single model; filters and checkers stand in it too, and old lists name no type. */
export function decodeModels({ status, body }: UpstreamAnswer): ModelInfo[] {
  if (status !== 200) throw decodeGigachatError({ status, body, headers: {} })
  const data: unknown = Object(body)['data'] ?? [body]
  return (Array.isArray(data) ? data : []).flatMap((item: unknown) => {
    const { id, type = 'chat' }: { id?: unknown; type?: unknown } = Object(item)
    if (typeof id !== 'string') return []
    if (type === 'embedder') return [embedder(id)]
    return type === 'chat' ? [model(id, ['streaming'])] : []
  })
}

function second(name: string): ModelInfo {
  return { ...model(name, ['streaming', 'tools']), contextLength: 128_000 }
}

function model(name: string, features: string[]): ModelInfo {
  return {
    name,
    inputModalities: ['text', 'file'],
    features,
    supportedParameters: [
      'max_tokens',
      'reasoning_effort',
      'response_format',
      'temperature',
      'tool_choice',
      'tools',
      'top_p',
    ],
  }
}

function embedder(name: string): ModelInfo {
  return { name, inputModalities: ['text'], features: ['embeddings'], supportedParameters: [] }
}
