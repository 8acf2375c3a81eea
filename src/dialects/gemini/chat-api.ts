import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeGeminiError } from './decode-error.ts'
import { decodeGeminiBody, decodeGeminiEvents } from './decode-events.ts'
import { gemini } from './dialect.ts'
import { encodeGeminiRequest, type GeminiOptions } from './encode-request.ts'
import { modelPath } from './model-path.ts'

/** Completions as Google's Gemini API speaks them, `v1beta`. */
export function geminiChatApi(options: GeminiOptions = {}): ChatApi {
  return {
    dialect: gemini,
    path: (model, { stream }) =>
      `/${modelPath(model)}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    encodeRequest: (request, model) => encodeGeminiRequest(request, model, options),
    decodeEvents: decodeGeminiEvents,
    decodeBody: decodeGeminiBody,
    decodeError: decodeGeminiError,
  }
}
