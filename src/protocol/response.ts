import type { FinishReason, TokenLogprob } from './event.ts'
import type { Extra, ToolCall } from './request.ts'
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
  /** Null where the model wrote no text. */
  content: string | null
  reasoning: string | null
  /** Proof of origin that must go back with the reasoning. */
  reasoningSignature?: string | undefined
  refusal: string | null
  toolCalls: ToolCall[]
  annotations: unknown[]
  audio?: Extra | undefined
  logprobs?: { content: TokenLogprob[] | null; refusal: TokenLogprob[] | null } | undefined
  finishReason: FinishReason
  extra?: { dialect: string; message: Extra; choice: Extra } | undefined
}
