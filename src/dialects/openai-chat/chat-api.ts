import type { ChatEvent } from '../../protocol/event.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import type { GatewayError } from '../../errors.ts'
import { decodeChatError, type FailedAnswer } from './decode-error.ts'
import { decodeChatBody, decodeChatEvents } from './decode-events.ts'
import { type MaxTokensField, openaiChat } from './dialect.ts'
import { encodeChatRequest } from './encode-request.ts'

/** What this dialect gives a provider: the shape of `ChatApi`, which providers own. */
export interface OpenaiChatApi {
  dialect: string
  path(model: string): string
  encodeRequest(request: ChatRequest, model: string): Record<string, unknown>
  decodeEvents(data: AsyncIterable<string>): AsyncGenerator<ChatEvent>
  decodeBody(body: unknown): ChatEvent[]
  decodeError(failure: FailedAnswer): GatewayError
}

export interface OpenaiChatOptions {
  /** After the provider's base URL. */
  path?: string | undefined
  /** The name that this upstream knows, for requests that do not bring their own. */
  maxTokensField?: MaxTokensField | undefined
}

/** Completions as OpenAI and all that copied it speak them. */
export function openaiChatApi(options: OpenaiChatOptions = {}): OpenaiChatApi {
  const { path = '/chat/completions', maxTokensField = 'max_tokens' } = options
  return {
    dialect: openaiChat,
    path: () => path,
    encodeRequest: (request, model) => encodeChatRequest(request, { model, maxTokensField }),
    decodeEvents: decodeChatEvents,
    decodeBody: decodeChatBody,
    decodeError: decodeChatError,
  }
}
