import { decodeYandexError } from '../dialects/yandex/decode-error.ts'
import type { ModelInfo, Provider, UpstreamAnswer } from './provider.ts'

/** Lists the models of a folder, fine-tuned ones among them; only the compatible API has a list. */
export function discoverModels(
  { baseUrl, authorize }: Pick<Provider, 'baseUrl' | 'authorize'>,
  folder: string,
): NonNullable<Provider['discover']> {
  return async (send) => {
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const unsigned = { method: 'GET', url: `${baseUrl}/models`, headers } as const
    return decodeModels(await send(await authorize(unsigned, send)), folder)
  }
}

/** Models of vectors and voices stand in the same list, and names are URIs with the folder. */
export function decodeModels({ status, body }: UpstreamAnswer, folder: string): ModelInfo[] {
  const data = status === 200 && Object(body)['data']
  if (!Array.isArray(data)) throw decodeYandexError({ status, body, headers: {} })
  return data.flatMap((item: unknown) => {
    const id: unknown = Object(item)['id']
    const [, scheme, owner, path = ''] = /^(gpt|emb):\/\/([^/]+)\/(.+)$/.exec(String(id)) ?? []
    if (owner !== folder || path.startsWith('speech-')) return []
    const name = path.replace('/', ':')
    return scheme === 'emb' ? [{ name, features: ['embeddings'] }] : [{ name }]
  })
}
