import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeChatError } from '../openai-chat/decode-error.ts'
import { commonMembers, openaiChat } from '../openai-chat/dialect.ts'
import { decodeResponseBody, decodeResponseEvents } from './decode-events.ts'
import { openaiResponses } from './dialect.ts'
import { encodeResponsesRequest } from './encode-request.ts'

export interface OpenaiResponsesOptions {
  /** After the provider's base URL. */
  path?: string | undefined
  /** Whether a model seals its reasoning; asked of one that does not, the API answers with an error. */
  reasons?: ((model: string) => boolean) | undefined
}

/** Completions through OpenAI's Responses API. */
export function openaiResponsesApi(options: OpenaiResponsesOptions = {}): ChatApi {
  const { path = '/responses', reasons = () => false } = options
  return {
    dialect: openaiResponses,
    sharedMembers: { [openaiChat]: new Set([...commonMembers, 'verbosity']) },
    path: () => path,
    encodeRequest: (request, model) =>
      encodeResponsesRequest(request, { model, reasons: reasons(model) }),
    decodeEvents: decodeResponseEvents,
    decodeBody: decodeResponseBody,
    decodeError: decodeChatError,
  }
}
