import type { GatewayError } from '../errors.ts'
import type { Extra, Signature, ToolCallKind } from './request.ts'
import type { AttemptRecord, CacheResult, Settlement } from './settlement.ts'
import type { Usage } from './usage.ts'

/** One step of an answer. Streamed, whole, cached and failed answers are all sequences of these. */
export type ChatEvent =
  | ResponseStart
  | PartStart
  | NativePart
  | TextDelta
  | ReasoningDelta
  | RefusalDelta
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEnd
  | Annotations
  | Audio
  | ExtraMembers
  | UsageReport
  | Warning
  | CacheLookup
  | AttemptStart
  | AttemptFailed
  | AttemptChosen
  | AnswerRestarted
  | AnswerContinued
  | Finish
  | End
  | Failure

/** The upstream began to answer. */
export interface ResponseStart {
  type: 'response-start'
  /** The upstream's own id of the answer. */
  id?: string | undefined
  /** The model as the upstream names it, often a dated snapshot. */
  model?: string | undefined
}

/**
 * A part of a choice opens: its deltas belong to it until another part or a tool call begins. Dialects
 * whose answers are lists of parts send it; elsewhere a change from one kind of delta to another opens a part.
 */
export interface PartStart {
  type: 'part-start'
  choice: number
  kind: 'text' | 'reasoning' | 'refusal'
  /** Members of the part that have no place of their own, such as its id, and the dialect that knows them. */
  extra?: DialectMembers | undefined
}

/** A part that only its dialect knows, whole: a tool that the provider ran itself and its result, and the like. */
export interface NativePart {
  type: 'native-part'
  choice: number
  dialect: string
  part: Extra
}

export interface DialectMembers {
  dialect: string
  members: Extra
}

export interface TextDelta {
  type: 'text-delta'
  choice: number
  text: string
  /** Log probabilities of the tokens in `text`, where they were asked for. */
  logprobs?: TokenLogprob[] | undefined
  /** Proof of origin of the part, in the delta that ends it. */
  signature?: Signature | undefined
}

export interface ReasoningDelta {
  type: 'reasoning-delta'
  choice: number
  text: string
  /** Proof of origin that must go back with the part in the next turn, in the delta that ends it. */
  signature?: Signature | undefined
  /** Reasoning that only its provider can read, whole; it must go back in the next turn. */
  sealed?: Signature | undefined
}

export interface RefusalDelta {
  type: 'refusal-delta'
  choice: number
  text: string
  logprobs?: TokenLogprob[] | undefined
}

/** A tool call opens; its arguments follow as deltas with the same `choice` and `index`. */
export interface ToolCallStart {
  type: 'tool-call-start'
  choice: number
  /** Position of the call in the answer, from 0, dense, in the order of appearance. */
  index: number
  id: string
  kind: ToolCallKind
  name: string
  /** Proof of origin that must go back with the call in the next turn. */
  signature?: Signature | undefined
  /** Members of the call that have no place of their own, and the dialect that knows them. */
  extra?: DialectMembers | undefined
}

export interface ToolCallDelta {
  type: 'tool-call-delta'
  choice: number
  index: number
  argumentsDelta: string
}

export interface ToolCallEnd {
  type: 'tool-call-end'
  choice: number
  index: number
}

/** Citations and the like of the text part that is open. */
export interface Annotations {
  type: 'annotations'
  choice: number
  annotations: Annotation[]
}

/** What stands behind a piece of text, as its dialect has it; the rest is for doors of other dialects. */
export interface Annotation {
  dialect: string
  raw: unknown
  /** The source, where it is a page. */
  url?: string | undefined
  title?: string | undefined
  /** Characters of the text that it is about. */
  startIndex?: number | undefined
  endIndex?: number | undefined
}

/** A piece of spoken output: OpenAI's `audio` object. */
export interface Audio {
  type: 'audio'
  choice: number
  audio: Extra
}

/** Members of the answer that have no event of their own; only doors of the same dialect show them. */
export interface ExtraMembers {
  type: 'extra'
  dialect: string
  /** Absent for members of the answer itself. */
  choice?: number | undefined
  /** Where in a choice the members stand: in its message, or beside it. */
  place?: 'message' | 'choice' | undefined
  members: Extra
}

/** Token counts; a later report replaces an earlier one. */
export interface UsageReport {
  type: 'usage'
  usage: Usage
}

/** Something that the client asked for was not done as asked. */
export interface Warning {
  type: 'warning'
  message: string
}

/** What the cache of answers said; comes first, and not where it was not asked. */
export interface CacheLookup {
  type: 'cache-lookup'
  result: CacheResult
  /** The deployment that once made the answer, where it is a `hit`. */
  origin?: Origin | undefined
}

/** A deployment, as clients are told of it. */
export interface Origin {
  provider: string
  /** `provider/model`. */
  model: string
}

/** The gateway turned to a deployment. */
export interface AttemptStart {
  type: 'attempt-start'
  number: number
  provider: string
  /** `provider/model`. */
  model: string
}

/** A deployment failed before it said anything; the next one is tried. */
export interface AttemptFailed {
  type: 'attempt-failed'
  attempt: AttemptRecord
}

/** Of several attempts, the one whose words follow, where it is not the one that began last; the others are ended. */
export interface AttemptChosen {
  type: 'attempt-chosen'
  number: number
  provider: string
  /** `provider/model`. */
  model: string
  /** Those that were begun. */
  attempts: number
}

/** What was said so far counts for nothing: another deployment answers from the start. Only where the client asked for it. */
export interface AnswerRestarted extends Resumption {
  type: 'answer-restarted'
}

/** Another deployment goes on with what was said so far. Only where the client asked for it. */
export interface AnswerContinued extends Resumption {
  type: 'answer-continued'
}

interface Resumption extends Origin {
  /** The attempt that failed amid its answer. */
  failed: AttemptRecord
}

/** One choice is complete. */
export interface Finish {
  type: 'finish'
  choice: number
  reason: FinishReason
}

/** The whole answer is complete and on the ledger. Terminal. */
export interface End {
  type: 'end'
  settlement: Settlement
}

/** The answer failed; what was sent before stands. Terminal. */
export interface Failure {
  type: 'error'
  error: GatewayError
  settlement: Settlement
}

export const finishReasons = [
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'refusal',
  'cancelled',
  'error',
  'other',
] as const

/** Why a choice ended: one of our words, and the provider's own. */
export interface FinishReason {
  unified: (typeof finishReasons)[number]
  raw?: string | undefined
  /** The stop sequence that the model wrote, where the provider tells. */
  stopSequence?: string | undefined
}

export interface TokenLogprob {
  token: string
  logprob: number
  /** UTF-8 bytes of the token; null where it has none of its own. */
  bytes: number[] | null
  topLogprobs: Omit<TokenLogprob, 'topLogprobs'>[]
}

/** True for the first event after which an answer belongs to its deployment and nothing may be retried. */
export function isContent(event: ChatEvent): boolean {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
      return event.text !== ''
    case 'reasoning-delta':
      return event.text !== '' || event.sealed !== undefined
    case 'native-part':
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'annotations':
    case 'audio':
    case 'finish':
      return true
    case 'response-start':
    case 'part-start':
    case 'tool-call-end':
    case 'extra':
    case 'usage':
    case 'warning':
    case 'cache-lookup':
    case 'attempt-start':
    case 'attempt-failed':
    case 'attempt-chosen':
    case 'answer-restarted':
    case 'answer-continued':
    case 'end':
    case 'error':
      return false
    default:
      return event satisfies never
  }
}
