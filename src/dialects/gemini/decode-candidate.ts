import { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import { isRecord, text, unread } from '../narrow.ts'
import { annotationsOf } from './annotations.ts'
import { endCall } from './decode-call.ts'
import { pushPart, type Spoken } from './decode-part.ts'
import { gemini } from './dialect.ts'
import { finishReason } from './finish-reason.ts'
import { decodeLogprobs } from './logprobs.ts'

/** What must be remembered of one candidate between two chunks. */
export interface CandidateState {
  spoken: Spoken
  /** The last word on why it ended; the end itself is told when nothing more can come. */
  reason: string | undefined
  /** Members beside the content, the last of each. */
  members: Record<string, unknown>
  sourcesTold: boolean
}

export function newCandidate(choice: number): CandidateState {
  const state: CandidateState = {
    spoken: {
      choice,
      calls: { choice, count: 0, open: undefined },
      text: '',
      any: false,
      open: undefined,
      pushSources: (out) => pushSources(state, out),
    },
    reason: undefined,
    members: {},
    sourcesTold: false,
  }
  return state
}

/** A candidate of a chunk, or of a whole answer: its parts are new, its other members replace those before. */
export function decodeCandidate(
  state: CandidateState,
  raw: Record<string, unknown>,
  out: ChatEvent[],
): void {
  Object.assign(state.members, unread(raw, readMembers))
  const content = isRecord(raw['content']) ? raw['content'] : {}
  const parts = Array.isArray(content['parts']) ? content['parts'].filter(isRecord) : []
  let logprobs = decodeLogprobs(raw['logprobsResult'])
  for (const part of parts) {
    const isText = typeof part['text'] === 'string' && part['thought'] !== true
    pushPart(state.spoken, part, { out, logprobs: isText ? logprobs : undefined })
    if (isText) logprobs = undefined
  }
  if (logprobs) pushPart(state.spoken, { text: '' }, { out, logprobs })
  state.reason = text(raw['finishReason']) ?? state.reason
}

/** Says that the candidate is complete, and what stands beside its content. */
export function finishCandidate(state: CandidateState, out: ChatEvent[]): void {
  const { members, reason, spoken } = state
  const { choice, calls } = spoken
  endCall(calls, out)
  const ended = finishReason(reason, { called: calls.count > 0 })
  // An empty text is an answer too, unless the filter took it.
  if (!spoken.any && ended.unified !== 'content_filter') {
    out.push({ type: 'text-delta', choice, text: '' })
  }
  pushSources(state, out)
  if (Object.keys(members).length > 0) {
    out.push({ type: 'extra', dialect: gemini, choice, place: 'choice', members })
  }
  out.push({ type: 'finish', choice, reason: ended })
}

/** The failure of a candidate that said nothing because it could not write its call. */
export function callFailure({ spoken, reason }: CandidateState): GatewayError | undefined {
  if (spoken.any || finishReason(reason, { called: false }).unified !== 'error') return undefined
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The model could not write its tool call (${reason}). Try again.`,
  })
}

const readMembers: ReadonlySet<string> = new Set([
  'content',
  'finishReason',
  'index',
  'logprobsResult',
])

function pushSources(state: CandidateState, out: ChatEvent[]): void {
  if (state.sourcesTold) return
  const { choice, text: said } = state.spoken
  const annotations = annotationsOf(state.members, said)
  if (annotations.length === 0) return
  state.sourcesTold = true
  out.push({ type: 'annotations', choice, annotations })
}
