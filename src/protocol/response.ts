import type { Annotation, DialectMembers, FinishReason, TokenLogprob } from './event.ts'
import type { Extra, ReasoningPart, Signature, ToolCall } from './request.ts'
import type { Settlement } from './settlement.ts'
import type { Usage } from './usage.ts'

/** A whole answer: what `collect()` makes of the events. */
export interface ChatResponse {
  /** The upstream's own id of the answer. */
  upstreamId?: string | undefined
  /** The model as the upstream names it. */
  upstreamModel?: string | undefined
  choices: ResponseChoice[]
  usage?: Usage | undefined
  warnings: string[]
  /** Members of the answer that only doors of `dialect` show. */
  extra?: { dialect: string; members: Extra } | undefined
  /** Absent where events were collected before the pipeline settled them. */
  settlement?: Settlement | undefined
}

export interface ResponseChoice {
  index: number
  /** Everything that the choice consists of, in order; the members after it show the same by kind. */
  parts: ResponsePart[]
  /** The texts of all parts; null where the model wrote none. */
  content: string | null
  reasoning: string | null
  refusal: string | null
  toolCalls: ResponseToolCall[]
  annotations: Annotation[]
  audio?: Extra | undefined
  logprobs?: { content: TokenLogprob[] | null; refusal: TokenLogprob[] | null } | undefined
  finishReason: FinishReason
  extra?: { dialect: string; message: Extra; choice: Extra } | undefined
}

/** A call of an answer. */
export interface ResponseToolCall extends Omit<ToolCall, 'extra'>, PartExtra {}

/** One part of a choice. */
export type ResponsePart =
  | ResponseText
  | ResponseReasoning
  | ResponseRefusal
  /** The place of one of the choice's `toolCalls`, by its index. */
  | { type: 'tool-call'; index: number }
  /** A part that only its dialect knows. */
  | { type: 'native'; dialect: string; part: Extra }

export interface ResponseText extends PartExtra {
  type: 'text'
  text: string
  annotations?: Annotation[] | undefined
  logprobs?: TokenLogprob[] | undefined
  signature?: Signature | undefined
}

export interface ResponseReasoning extends ReasoningPart, PartExtra {}

export interface ResponseRefusal extends PartExtra {
  type: 'refusal'
  text: string
}

interface PartExtra {
  extra?: DialectMembers | undefined
}
