import { decodeChatError } from '../dialects/openai-chat/decode-error.ts'
import type { ModelInfo, Provider, UpstreamAnswer } from './provider.ts'

/** Lists the models of a server that has OpenAI's list; `isChat` tells by the name which of them chat. */
export function discoverListed(
  { baseUrl, authorize }: Pick<Provider, 'baseUrl' | 'authorize'>,
  isChat: (name: string) => boolean,
): NonNullable<Provider['discover']> {
  return async (send) => {
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const unsigned = { method: 'GET', url: `${baseUrl}/models`, headers } as const
    return decodeListed(await send(await authorize(unsigned, send))).filter(({ name }) =>
      isChat(name),
    )
  }
}

/** The names, and what vLLM says of the context. */
export function decodeListed({ status, body }: UpstreamAnswer): ModelInfo[] {
  const data = status === 200 && Object(body)['data']
  if (!Array.isArray(data)) throw decodeChatError({ status, body, headers: {} })
  return data.flatMap((item: unknown) => {
    const { id, max_model_len: context } = Object(item)
    if (typeof id !== 'string' || id === '') return []
    return [{ name: id, ...(typeof context === 'number' && { contextLength: context }) }]
  })
}
