import type { GatewayError } from '../errors.ts'
import type { ChatEvent } from './event.ts'
import type { LimitLevel } from './limit.ts'
import type { ChatRequest } from './request.ts'
import type { ChatResponse } from './response.ts'

/** How one dialect serves clients: the other direction of a `ChatApi`. */
export interface ChatDoor {
  dialect: string
  /** Reads a request; a problem is thrown as a 400 that names the member at fault. */
  decode(body: unknown, headers: RequestHeaders): DecodedRequest
  encodeError: EncodeError
}

/** Names in lower case. */
export type RequestHeaders = Record<string, string | string[] | undefined>

/** A failure in the shape that the dialect's SDKs read. */
export type EncodeError = (error: GatewayError, requestId: string) => DoorError

/** How limits stand at a moment (Unix milliseconds), in the headers that the dialect's SDKs know. */
export type EncodeLimits = (
  levels: readonly LimitLevel[],
  now: number,
) => (readonly [name: string, value: string])[]

export interface DoorError {
  body: unknown
  /** Where the dialect has a status of its own for it. */
  status?: number
}

export interface DecodedRequest {
  request: ChatRequest
  /** The gateway's own member of the body as it came; undefined when absent. */
  xrouter: unknown
  /** Requests that are answered after the first, in the same answer: their choices follow its own. */
  further?: ChatRequest[] | undefined
  /** Whether its streams can mark an answer that begins anew or goes on elsewhere. */
  marksResumption?: boolean
  /** What the door left out of the request. */
  warnings?: string[] | undefined
  /** Where a member of the request, named in OpenAI's words, stands in the body; the same where absent. */
  placeOf?: ((path: string) => string) | undefined
  /** Where the dialect has headers of its own for limits; else OpenAI's are sent. */
  encodeLimits?: EncodeLimits
  /** The whole answer, for a client that did not ask for a stream. */
  encodeResponse(response: ChatResponse, context: AnswerContext): unknown
  /** The answer as it is made. */
  openStream(context: AnswerContext): StreamEncoder
}

/** What a dialect may want to say of an answer beside its events. */
export interface AnswerContext {
  /** The request's id. */
  id: string
  /** When the request arrived, in Unix seconds. */
  created: number
  /** The deployment that answers, `provider/model`. */
  model: string
}

/** Makes the text of a server-sent stream; an empty text is nothing to send. */
export interface StreamEncoder {
  event(event: ChatEvent): string
  /** The last frames of a stream that failed on its way. */
  error(error: GatewayError): string
  /** The last frames of a stream that is complete. */
  end(): string
}
