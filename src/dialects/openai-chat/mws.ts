import type { ChatApi } from '../../protocol/chat-api.ts'
import { openaiChatApi } from './chat-api.ts'
import { decodeMwsError } from './mws-error.ts'
import { plainTurns } from './plain-turns.ts'

/** Chat completions of MWS GPT. */
export function mwsChatApi(): ChatApi {
  const chat = openaiChatApi({ maxTokensField: 'max_completion_tokens' })
  return {
    ...chat,
    encodeRequest: (request, model) => chat.encodeRequest(plainTurns(request), model),
    decodeError: decodeMwsError,
  }
}
