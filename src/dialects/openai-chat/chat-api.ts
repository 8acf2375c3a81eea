import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeChatError } from './decode-error.ts'
import { decodeChatBody, decodeChatEvents } from './decode-events.ts'
import { type Extensions, type MaxTokensField, openaiChat, sharedMembers } from './dialect.ts'
import { encodeChatRequest } from './encode-request.ts'

export interface OpenaiChatOptions {
  /** After the provider's base URL. */
  path?: string | undefined
  /** The name that this upstream knows, for requests that do not bring their own. */
  maxTokensField?: MaxTokensField | undefined
  /** Models that refuse any other name than that, whatever the client calls it. */
  insists?: ((model: string) => boolean) | undefined
  extensions?: Extensions | undefined
}

/** Completions as OpenAI and all that copied it speak them. */
export function openaiChatApi(options: OpenaiChatOptions = {}): ChatApi {
  const { path = '/chat/completions', maxTokensField = 'max_tokens', extensions, insists } = options
  return {
    dialect: openaiChat,
    sharedMembers,
    path: () => path,
    encodeRequest: (request, model) =>
      encodeChatRequest(request, {
        model,
        maxTokensField,
        extensions,
        insists: insists?.(model),
      }),
    decodeEvents: decodeChatEvents,
    decodeBody: decodeChatBody,
    decodeError: decodeChatError,
  }
}
