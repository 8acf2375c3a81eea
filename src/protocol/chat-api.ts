import type { GatewayError } from '../errors.ts'
import type { ChatEvent } from './event.ts'
import type { ChatRequest } from './request.ts'

/**
 * `ndjson` is a line of JSON each; `aws-event-stream` is binary and arrives as a line of JSON each:
 * `{"type": …, "exception": true where it is one, "payload": {…}}`.
 */
export type Framing = 'sse' | 'ndjson' | 'aws-event-stream'

/** How one provider speaks completions: a path and a dialect. */
export interface ChatApi {
  /** The dialect's name; members of a request's `passthrough` go only to their own dialect. */
  dialect: string
  /** Members of a sister dialect's `passthrough` that mean the same here and are sent too, by that dialect's name. */
  sharedMembers?: Readonly<Record<string, ReadonlySet<string>>>
  /** Path after `baseUrl`, from the provider's own name of the model; some have another one for streams. */
  path(model: string, request: ChatRequest): string
  /** Headers that a request needs beside those of every call; names in lower case. */
  headers?(request: ChatRequest, model: string): Record<string, string>
  /** The body to send for a request to `model`. */
  encodeRequest(request: ChatRequest, model: string): unknown
  /** Whether a model goes on with an answer whose beginning stands last in the conversation. */
  prefills?(model: string): boolean
  /** How the stream is cut into frames: server-sent events, the default, or another of `Framing`. */
  framing?: Framing | undefined
  /** Events from the data of the stream's frames (for SSE: each frame's `data`). */
  decodeEvents(data: AsyncIterable<string>): AsyncGenerator<ChatEvent>
  /** Events from a whole JSON answer. */
  decodeBody(body: unknown): ChatEvent[]
  /** A failure from an answer that is not 2xx; `body` is parsed JSON or the text as it came. */
  decodeError(failure: UpstreamFailure): GatewayError
}

export interface UpstreamFailure {
  status: number
  body: unknown
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>
}
