import type { GatewayError } from '../errors.ts'
import type { UpstreamFailure } from './chat-api.ts'
import type { Passthrough } from './request.ts'
import type { Settlement } from './settlement.ts'
import type { Usage } from './usage.ts'

/** Vectors to make of texts, in no provider's words. */
export interface EmbeddingRequest {
  /** `provider/model`, a bare model name or an alias. */
  model: string
  /** Texts, or texts as the ids of their tokens; never empty. */
  inputs: EmbeddingInput[]
  /** Length of the vectors, where the model can shorten them. */
  dimensions?: number | undefined
  /** The client's own stable name for the person behind the request. */
  endUserId?: string | undefined
  passthrough?: Passthrough | undefined
}

export type EmbeddingInput = string | number[]

/** The vectors of one call of an upstream, in the order of its inputs. */
export interface EmbeddingBatch {
  vectors: number[][]
  usage?: Usage | undefined
  /** The model as the upstream names it. */
  upstreamModel?: string | undefined
}

/** The whole answer. */
export interface EmbeddingAnswer {
  vectors: number[][]
  settlement: Settlement
  warnings: string[]
}

/** How one provider makes vectors: a path and a wire format. */
export interface EmbeddingApi {
  /** Members of a request's `passthrough` go only to their own dialect. */
  dialect: string
  /** Path after `baseUrl`, from the provider's own name of the model. */
  path(model: string): string
  /** How many inputs one call takes. */
  inputsMax: number
  /** Whether inputs may be the ids of tokens. */
  tokens: boolean
  /** Whether the length of the vectors can be chosen. */
  dimensions: boolean
  /** The same for one model, where its word differs from its provider's. */
  dimensionsOf?(model: string): boolean
  /** Whether it takes the client's name of the person behind the request. */
  endUser?: boolean | undefined
  /** The body for some of the inputs. */
  encodeRequest(request: EmbeddingRequest, model: string): unknown
  /** The vectors in the order of the inputs, of which there were `count`. */
  decodeBody(body: unknown, count: number): EmbeddingBatch
  decodeError(failure: UpstreamFailure): GatewayError
}
