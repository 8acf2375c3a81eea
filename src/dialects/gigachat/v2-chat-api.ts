import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeGigachatError } from './decode-error.ts'
import { gigachatV2 } from './dialect.ts'
import { decodeGigachatV2Body, decodeGigachatV2Events } from './v2-decode-events.ts'
import { encodeGigachatV2Request } from './v2-encode-request.ts'
import type { ResultRole } from './v2-turns.ts'

/** Completions as GigaChat's API v2 speaks them. */
export function gigachatV2ChatApi({ resultRole }: { resultRole: ResultRole }): ChatApi {
  return {
    dialect: gigachatV2,
    path: () => '/chat/completions',
    encodeRequest: (request, model) => encodeGigachatV2Request(request, { model, resultRole }),
    decodeEvents: decodeGigachatV2Events,
    decodeBody: decodeGigachatV2Body,
    decodeError: decodeGigachatError,
  }
}
