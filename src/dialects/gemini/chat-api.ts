import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeGeminiError } from './decode-error.ts'
import { decodeGeminiBody, decodeGeminiEvents } from './decode-events.ts'
import { gemini } from './dialect.ts'
import { encodeGeminiRequest, type GeminiOptions } from './encode-request.ts'

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

/** Tuned models have a collection of their own; a name comes from a client and must stay one step of the path. */
function modelPath(model: string): string {
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.+)$/.exec(model) ?? []
  return `${collection}/${encodeURIComponent(name)}`
}
