import type { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'
import { isRecord, text, unread } from '../narrow.ts'
import { decodeInlineError } from '../openai-chat/decode-error.ts'
import { decodeLogprobs } from '../openai-chat/logprobs.ts'
import { decodeAnnotation } from './annotation.ts'
import { type AnswerState, itemAt, newAnswer } from './answer-state.ts'
import { contentAt, finishContent, finishItem, thoughtAt } from './decode-item.ts'
import { decodeResponse, finishResponse, startAnswer } from './decode-response.ts'

/** Events from the data of the frames of a stream; frames of unknown kinds are passed over. */
export async function* decodeResponseEvents(
  data: AsyncIterable<string>,
): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  const out: ChatEvent[] = []
  for await (const line of data) {
    if (line.trim() === '[DONE]') break
    const frame = parseFrame(line)
    if (!isRecord(frame)) throw unusable()
    const end = decodeFrame(answer, frame, out)
    for (const event of out) yield event
    out.length = 0
    if (end === 'whole') return
    if (end) throw end
  }
  throw truncated()
}

/** The events that the same answer, sent whole, would have been as a stream. */
export function decodeResponseBody(body: unknown): ChatEvent[] {
  if (!isRecord(body)) throw unusable()
  const out: ChatEvent[] = []
  const failure = decodeResponse(newAnswer(), body, out)
  if (failure) throw failure
  return out
}

type End = 'whole' | GatewayError | undefined

/** Adds a frame's events to `out`; tells when it was the last one. */
function decodeFrame(answer: AnswerState, frame: Extra, out: ChatEvent[]): End {
  switch (frame['type']) {
    case 'response.created':
    case 'response.queued':
    case 'response.in_progress':
      startAnswer(answer, object(frame['response']), out)
      return undefined
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
    case 'response.cancelled':
      return (
        finishResponse(answer, { ...object(frame['response']), ...rest(frame) }, out) ?? 'whole'
      )
    case 'error':
      return decodeInlineError(isRecord(frame['error']) ? frame : { error: frame })
    default:
      if (isRecord(frame['error']) && frame['type'] === undefined) return decodeInlineError(frame)
      decodeItemFrame(answer, frame, out)
      return undefined
  }
}

function decodeItemFrame(answer: AnswerState, frame: Extra, out: ChatEvent[]): void {
  const index = count(frame['output_index'])
  if (frame['type'] === 'response.output_item.added') {
    itemAt(answer, index, { item: object(frame['item']), out })
    return
  }
  if (frame['type'] === 'response.output_item.done') {
    finishItem(answer, index, { item: object(frame['item']), out })
    return
  }
  const piece = pieces.get(String(frame['type']))
  if (piece) piece(answer, { frame, index, at: count(frame['content_index']), out })
}

interface Piece {
  frame: Extra
  /** Of the item in the output. */
  index: number
  /** Of the part in its item. */
  at: number
  out: ChatEvent[]
}

type DecodePiece = (answer: AnswerState, piece: Piece) => void

/** Everything between the beginning and the end of an item; of the provider's own tools the end tells all. */
const pieces: ReadonlyMap<string, DecodePiece> = new Map([
  ['response.content_part.added', addContent],
  ['response.content_part.done', endContent],
  ['response.output_text.delta', addText],
  ['response.refusal.delta', addText],
  ['response.output_text.annotation.added', addAnnotation],
  ['response.reasoning_summary_part.added', addThought],
  ['response.reasoning_summary_text.delta', addThought],
  ['response.reasoning_text.delta', addThought],
  ['response.function_call_arguments.delta', addArguments],
  ['response.custom_tool_call_input.delta', addArguments],
])

function addContent(answer: AnswerState, { frame, index, at, out }: Piece): void {
  const part = object(frame['part'])
  if (part['type'] === 'reasoning_text') return
  contentAt(itemAt(answer, index, { item: { type: 'message' }, out }), { at, part, out })
}

function endContent(answer: AnswerState, { frame, index, at, out }: Piece): void {
  const part = object(frame['part'])
  if (part['type'] === 'reasoning_text') return
  finishContent(itemAt(answer, index, { item: { type: 'message' }, out }), { at, part, out })
}

function addText(answer: AnswerState, { frame, index, at, out }: Piece): void {
  const refused = frame['type'] === 'response.refusal.delta'
  const item = itemAt(answer, index, { item: { type: 'message' }, out })
  const kind = { type: refused ? 'refusal' : 'output_text' }
  const part = contentAt(item, { at, part: kind, out })
  const written = text(frame['delta']) ?? ''
  const logprobs = decodeLogprobs(frame['logprobs'])
  if (written === '' && !logprobs) return
  part.written += written
  part.logprobs ||= logprobs !== undefined
  const type = refused ? 'refusal-delta' : 'text-delta'
  out.push({ type, choice: 0, text: written, ...(logprobs && { logprobs }) })
}

function addAnnotation(answer: AnswerState, { frame, index, at, out }: Piece): void {
  const item = itemAt(answer, index, { item: { type: 'message' }, out })
  const part = contentAt(item, { at, part: { type: 'output_text' }, out })
  part.annotations += 1
  out.push({ type: 'annotations', choice: 0, annotations: [decodeAnnotation(frame['annotation'])] })
}

function addThought(answer: AnswerState, { frame, index, at, out }: Piece): void {
  const raw = frame['type'] === 'response.reasoning_text.delta'
  const item = itemAt(answer, index, { item: { type: 'reasoning' }, out })
  const place = raw ? 'content' : 'summary'
  const part = thoughtAt(item, { place, at: raw ? at : count(frame['summary_index']), out })
  const thought = text(frame['delta'])
  if (thought === undefined) return
  part.written += thought
  out.push({ type: 'reasoning-delta', choice: 0, text: thought })
}

function addArguments(answer: AnswerState, { frame, index, out }: Piece): void {
  const item = answer.items.get(index)
  const argumentsDelta = text(frame['delta'])
  if (item?.call === undefined || argumentsDelta === undefined) return
  item.written += argumentsDelta
  out.push({ type: 'tool-call-delta', choice: 0, index: item.call, argumentsDelta })
}

/** Some servers put members of the answer beside the response in its last frame. */
function rest(frame: Extra): Extra {
  return unread(frame, new Set(['type', 'response', 'sequence_number'])) ?? {}
}

function object(value: unknown): Extra {
  return isRecord(value) ? value : {}
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
