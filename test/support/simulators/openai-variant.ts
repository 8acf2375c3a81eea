import type { IncomingHttpHeaders } from 'node:http'
import type { Completion } from './openai-answer.ts'
import type { OpenaiError } from './openai-error.ts'
import type { OpenaiModel } from './openai-models.ts'
import type { CompletionRequest } from './openai-request.ts'
import type { Piece } from './provider.ts'

/** What a server that copied OpenAI does in another way; what is absent is as OpenAI's. */
export interface OpenaiVariant {
  basePath?: string
  /** The path that OpenAI has for the same, and the model where the path names it. */
  locate?(path: string): { path: string; model?: string }
  /** Throws for a wrong credential. */
  checkKey?(headers: IncomingHttpHeaders): void
  /** A failure in this server's words. */
  failure?(error: OpenaiError): { status: number; body: object }
  /** Members of a request beside OpenAI's. */
  members?: readonly string[]
  /** The body as OpenAI would have been asked. */
  read?(body: unknown): unknown
  /** Throws for what only this server refuses. */
  check?(asked: CompletionRequest, model: OpenaiModel): void
  /** Changes the answer before it is put on the wire. */
  shape?(completion: Completion): void
  /** The list of models. */
  list?(models: readonly OpenaiModel[]): object
  /** The JSON answer. */
  body?(own: object, completion: Completion): object
  /** Writes of a stream. */
  pieces?(own: Piece[], completion: Completion): Piece[]
}

type Frame = Record<string, unknown>

/** Changes the JSON of each frame that is no terminator. */
export function eachFrame(
  pieces: readonly Piece[],
  change: (frame: Frame) => object | undefined,
): Piece[] {
  return pieces.flatMap((piece) => {
    const [, json] = /^data: (\{.*\})\n\n$/s.exec(piece.raw) ?? []
    if (json === undefined) return [piece]
    const frame = change(JSON.parse(json))
    return frame ? [{ ...piece, raw: `data: ${JSON.stringify(frame)}\n\n` }] : []
  })
}
