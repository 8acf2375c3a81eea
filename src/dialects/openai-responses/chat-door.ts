import type { ChatDoor, DecodedRequest } from '../../protocol/chat-door.ts'
import { encodeErrorBody, type ErrorBody } from '../openai-chat/encode-error.ts'
import type { GatewayError } from '../../errors.ts'
import { decodeResponsesRequest, type Earlier, nothingEarlier } from './decode-request.ts'
import { openaiResponses } from './dialect.ts'
import { encodeResponse, type Asked } from './encode-response.ts'
import { openResponseStream } from './encode-stream.ts'
import { placesOf } from './places.ts'

/** A request for a response, and what is to be kept of it. */
export interface DecodedResponse extends DecodedRequest {
  store: boolean
  /** Makes the answer say that it is not kept. */
  forget(): void
  /** The items that the body brings, without those of earlier responses. */
  items: unknown[]
}

/** `POST /v1/responses`, as OpenAI's SDKs speak to it. */
export const openaiResponsesDoor: ChatDoor = {
  dialect: openaiResponses,
  decode: (body) => decodeResponse(body),
  encodeError: (error) =>
    error.code === 'NOT_FOUND' && error.path === 'previous_response_id'
      ? { status: 400, body: previousNotFound(error) }
      : { body: encodeErrorBody(error) },
}

/** The same with what the request builds upon. */
export function decodeResponse(body: unknown, earlier: Earlier = nothingEarlier): DecodedResponse {
  const decoded = decodeResponsesRequest(body, earlier)
  const { request, store, items, warnings, xrouter } = decoded
  const asked: Asked = { body: decoded.asked, store }
  return {
    request,
    xrouter,
    store,
    items,
    warnings,
    placeOf: placesOf(decoded.asked, { earlier, items }),
    forget: () => {
      asked.store = false
    },
    encodeResponse: (response, context) => encodeResponse(asked, response, context),
    openStream: (context) => openResponseStream(asked, context),
  }
}

/** OpenAI has a status and a word of its own for it. */
function previousNotFound(error: GatewayError): ErrorBody {
  const body = encodeErrorBody(error)
  return { error: { ...body.error, code: 'previous_response_not_found' } }
}
