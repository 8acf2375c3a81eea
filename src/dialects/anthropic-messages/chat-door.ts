import type { AnswerContext, ChatDoor, StreamEncoder } from '../../protocol/chat-door.ts'
import { sseFrame } from '../sse-frame.ts'
import { decodeMessageRequest } from './decode-request.ts'
import { anthropicMessages } from './dialect.ts'
import { encodeErrorBody } from './encode-error.ts'
import { createEventEncoder } from './encode-events.ts'
import { encodeLimits } from './encode-limits.ts'
import { encodeMessage } from './encode-response.ts'
import { placesOf } from './places.ts'

/** `POST /v1/messages`, as Anthropic's SDKs speak to it. */
export const anthropicMessagesDoor: ChatDoor = {
  dialect: anthropicMessages,
  decode: (body, headers) => {
    const { request, xrouter } = decodeMessageRequest(body, headers)
    return {
      request,
      xrouter,
      placeOf: placesOf(body),
      encodeLimits,
      encodeResponse: encodeMessage,
      openStream,
    }
  },
  encodeError: (error, requestId) => ({ body: encodeErrorBody(error, requestId) }),
}

/** The stream is whole with its last event, so nothing follows it. */
function openStream(context: AnswerContext): StreamEncoder {
  const encode = createEventEncoder(context)
  return {
    event: (event) => {
      let text = ''
      for (const each of encode(event)) text += sseFrame(each, each.type)
      return text
    },
    error: (error) => sseFrame(encodeErrorBody(error, context.id), 'error'),
    end: () => '',
  }
}
