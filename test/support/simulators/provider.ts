import type { IncomingHttpHeaders } from 'node:http'

/** What a simulator needs to know of the provider it plays; one object per provider. */
export interface SimulatedProvider {
  /** Whether a request takes the next scripted answer; `/models` and the like never do. */
  takesScript(request: RecordedRequest): boolean
  /** The provider's own faithful answer. */
  reply(request: RecordedRequest): Reply
  /** Headers of every JSON answer to this request. */
  headers(request: RecordedRequest): HeaderBag
  /** Headers of every streamed answer to this request. */
  streamHeaders(request: RecordedRequest): HeaderBag
  encodeJson(body: unknown): string
  encodeFrame(frame: object): string
  /** How text becomes bytes; `latin1` for providers whose frames are bytes, one letter each. */
  encoding?: 'latin1'
  /** What is written after the last frame; empty for providers without a terminator. */
  terminator: string
  /** The body that this provider sends with an error status, in a frame too. */
  errorBody(status: number): object
  /** Speaks the provider's stream piece by piece, for answers that a test releases itself. */
  voice(request: RecordedRequest): Voice
}

export type HeaderBag = Record<string, string | string[]>

export interface RecordedRequest {
  readonly method: string
  /** Path with its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The parsed JSON body; undefined where there is none or it is no JSON. */
  readonly body: unknown
  readonly rawBody: string
  /** Resolves when the answer is finished or its connection is gone. */
  readonly closed: Promise<void>
  /** Whether the client went away before the answer was whole. */
  readonly aborted: boolean
}

/** One separate write of an answer, with the tokens that were generated for it. */
export interface Piece {
  raw: string
  tokens: number
}

export interface Reply {
  status: number
  headers: HeaderBag
  /** Whether the pieces are stream frames; a JSON answer is one piece. */
  stream: boolean
  pieces: Piece[]
  /** What the provider bills for it, before the tokens of the pieces are added. */
  entry?: InvoiceEntry
}

/** One line of the provider's own bill. Completion tokens grow with every piece sent. */
export interface InvoiceEntry {
  id: string
  model: string
  promptTokens: number
  cachedTokens: number
  /** Of the prompt, written to the cache; 0 where the provider does not bill that. */
  writtenTokens?: number
  /** Includes the reasoning tokens. */
  completionTokens: number
  reasoningTokens: number
  /** Whether the whole answer was sent. */
  completed: boolean
}

export interface VoiceCall {
  name: string
  arguments: string
  index?: number
  id?: string
}

export interface Voice {
  entry: InvoiceEntry
  /** Whether the request asked for the usage frame. */
  wantsUsage: boolean
  /** The frames before the first content. */
  open(): Piece[]
  text(delta: string, choice: number): Piece[]
  toolCall(call: VoiceCall): Piece[]
  finish(reason: string, choice: number): Piece[]
  usage(): Piece[]
}
