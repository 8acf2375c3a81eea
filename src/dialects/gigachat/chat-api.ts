import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeGigachatError } from './decode-error.ts'
import { decodeGigachatBody, decodeGigachatEvents } from './decode-events.ts'
import { gigachat } from './dialect.ts'
import { encodeGigachatRequest } from './encode-request.ts'

/** Completions as GigaChat's API v1 speaks them. */
export const gigachatChatApi: ChatApi = {
  dialect: gigachat,
  path: () => '/chat/completions',
  encodeRequest: encodeGigachatRequest,
  decodeEvents: decodeGigachatEvents,
  decodeBody: decodeGigachatBody,
  decodeError: decodeGigachatError,
}
