import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeOllamaError } from './decode-error.ts'
import { decodeOllamaBody, decodeOllamaEvents } from './decode-events.ts'
import { ollama } from './dialect.ts'
import { encodeOllamaRequest } from './encode-request.ts'
import type { OllamaSettings } from './settings.ts'

/** Completions as Ollama's own API speaks them. */
export function ollamaChatApi(settings: OllamaSettings = {}): ChatApi {
  return {
    dialect: ollama,
    framing: 'ndjson',
    path: () => '/api/chat',
    prefills: () => true,
    encodeRequest: (request, model) => encodeOllamaRequest(request, model, settings),
    decodeEvents: decodeOllamaEvents,
    decodeBody: decodeOllamaBody,
    decodeError: decodeOllamaError,
  }
}
