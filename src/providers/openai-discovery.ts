import { decodeChatError } from '../dialects/openai-chat/decode-error.ts'
import type { ModelInfo, Provider, UpstreamAnswer } from './provider.ts'

/** What a listed model is for, as far as its name tells. */
export type ListedKind = 'chat' | 'embeddings' | 'other'

/** Lists the models of a server that has OpenAI's list, those that chat and those that make vectors. */
export function discoverListed(
  { baseUrl, authorize }: Pick<Provider, 'baseUrl' | 'authorize'>,
  kindOf: (name: string) => ListedKind = usualKind,
): NonNullable<Provider['discover']> {
  return async (send) => {
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const unsigned = { method: 'GET', url: `${baseUrl}/models`, headers } as const
    const listed = decodeListed(await send(await authorize(unsigned, send)))
    return listed.flatMap((model) => {
      const kind = kindOf(model.name)
      if (kind === 'other') return []
      return [kind === 'chat' ? model : { ...model, features: ['embeddings'] }]
    })
  }
}

/** The list names no kinds: what neither chats nor makes vectors has told names among all servers. */
export function usualKind(name: string): ListedKind {
  if (/rerank|whisper|gigaam|transcri|realtime|dall-e|stable-diffusion|sdxl|moderation/i.test(name))
    return 'other'
  if (/(^|[-_/])(tts|asr|sora)([-_]|$)|gpt-image|gpt-audio|audio-preview/i.test(name))
    return 'other'
  return /embed|(^|[-_/])(bge|e5|gte)[-_]/i.test(name) ? 'embeddings' : 'chat'
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
