import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeYandexError } from './decode-error.ts'
import { decodeYandexBody, decodeYandexEvents } from './decode-events.ts'
import { yandex } from './dialect.ts'
import { encodeYandexRequest } from './encode-request.ts'

/** Completions as the native REST API of Yandex AI Studio speaks them. */
export function yandexChatApi({ modelUri }: { modelUri: (model: string) => string }): ChatApi {
  return {
    dialect: yandex,
    framing: 'ndjson',
    path: () => '/completion',
    encodeRequest: (request, model) => encodeYandexRequest(request, modelUri(model)),
    decodeEvents: decodeYandexEvents,
    decodeBody: decodeYandexBody,
    decodeError: decodeYandexError,
  }
}
