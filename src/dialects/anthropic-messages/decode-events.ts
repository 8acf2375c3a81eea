import { GatewayError } from '../../errors.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { parseFrame, truncated, unusable } from '../broken-answer.ts'
import { isRecord, text, unread } from '../narrow.ts'
import {
  addToBlock,
  type Blocks,
  choice,
  closeBlock,
  type OpenBlock,
  openBlock,
} from './decode-block.ts'
import { decodeInlineError } from './decode-error.ts'
import { anthropicMessages } from './dialect.ts'
import { decodeStopReason } from './stop-reason.ts'
import { decodeUsage, mergeUsage } from './usage.ts'

/** Events from the data of the frames of a stream, which is whole with its `message_stop`. */
export async function* decodeMessageEvents(data: AsyncIterable<string>): AsyncGenerator<ChatEvent> {
  const answer = newAnswer()
  for await (const frame of data) {
    const out: ChatEvent[] = []
    const event = parseFrame(frame)
    decodeEvent(answer, isRecord(event) ? event : {}, out)
    yield* out
    if (answer.stopped) return
  }
  throw truncated()
}

/** The events that the same answer, sent whole, would have been as a stream. */
export function decodeMessageBody(body: unknown): ChatEvent[] {
  if (!isRecord(body)) throw unusable()
  if (body['type'] === 'error') throw decodeInlineError(body)
  if (!Array.isArray(body['content'])) throw unusable()
  const answer = newAnswer()
  const out: ChatEvent[] = []
  startAnswer(answer, body, out)
  finishAnswer(answer, out)
  return out
}

/** What must be remembered of an answer between two events. */
interface Answer {
  started: boolean
  stopped: boolean
  finished: boolean
  /** Whether any block was begun. */
  begun: boolean
  blocks: Blocks
  open: OpenBlock | undefined
  /** All that was counted so far. */
  usage: Extra
}

function newAnswer(): Answer {
  return {
    started: false,
    stopped: false,
    finished: false,
    begun: false,
    blocks: { calls: 0 },
    open: undefined,
    usage: {},
  }
}

function decodeEvent(answer: Answer, event: Extra, out: ChatEvent[]): void {
  switch (event['type']) {
    case 'message_start':
      return startAnswer(answer, record(event['message']), out)
    case 'content_block_start':
      closeOpen(answer, out)
      answer.begun = true
      answer.open = openBlock(answer.blocks, record(event['content_block']), out)
      return
    case 'content_block_delta':
      if (answer.open) addToBlock(answer.open, record(event['delta']), out)
      return
    case 'content_block_stop':
      return closeOpen(answer, out)
    case 'message_delta':
      return decodeMessageDelta(answer, event, out)
    case 'message_stop':
      if (!answer.started) throw unusable()
      finishAnswer(answer, out)
      answer.stopped = true
      return
    case 'error':
      throw decodeInlineError(event)
    // Pings, and kinds of events that are yet to come.
    default:
      return
  }
}

const messageMembers: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
])

/** Some proxies say the start twice; one that starts anew amid an answer has spliced two of them. */
function startAnswer(answer: Answer, message: Extra, out: ChatEvent[]): void {
  if (answer.started) {
    if (answer.begun || answer.finished) throw spliced()
    return
  }
  answer.started = true
  const id = text(message['id'])
  const model = text(message['model'])
  out.push({
    type: 'response-start',
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
  })
  pushExtra(unread(message, messageMembers), out)
  pushUsage(answer, message['usage'], { out, ended: text(message['stop_reason']) !== undefined })
  const { content } = message
  for (const block of Array.isArray(content) ? content : []) {
    closeBlock(openBlock(answer.blocks, record(block), out), out)
  }
  pushFinish(answer, message, out)
}

const deltaMembers: ReadonlySet<string> = new Set(['stop_reason', 'stop_sequence'])
const deltaEventMembers: ReadonlySet<string> = new Set(['type', 'delta', 'usage'])

function decodeMessageDelta(answer: Answer, event: Extra, out: ChatEvent[]): void {
  closeOpen(answer, out)
  const delta = record(event['delta'])
  pushExtra({ ...unread(event, deltaEventMembers), ...unread(delta, deltaMembers) }, out)
  pushUsage(answer, event['usage'], { out, ended: true })
  pushFinish(answer, delta, out)
}

function finishAnswer(answer: Answer, out: ChatEvent[]): void {
  closeOpen(answer, out)
  if (answer.finished) return
  answer.finished = true
  out.push({ type: 'finish', choice, reason: { unified: 'other' } })
}

function pushFinish(answer: Answer, said: Extra, out: ChatEvent[]): void {
  const raw = text(said['stop_reason'])
  if (raw === undefined || answer.finished) return
  answer.finished = true
  pushRefusal(said['stop_details'], out)
  out.push({ type: 'finish', choice, reason: decodeStopReason(raw, said['stop_sequence']) })
}

/** The reason for a refusal is for doors of other dialects; this one's has it among the extras. */
function pushRefusal(details: unknown, out: ChatEvent[]): void {
  const explanation = isRecord(details) ? text(details['explanation']) : undefined
  if (explanation === undefined) return
  const extra = { dialect: anthropicMessages, members: {} }
  out.push({ type: 'part-start', choice, kind: 'refusal', extra })
  out.push({ type: 'refusal-delta', choice, text: explanation })
}

function pushExtra(members: Extra | undefined, out: ChatEvent[]): void {
  if (members && Object.keys(members).length > 0) {
    out.push({ type: 'extra', dialect: anthropicMessages, members })
  }
}

/** The first report counts an answer that is not made yet: of it the prompt alone is known. */
function pushUsage(
  answer: Answer,
  report: unknown,
  { out, ended }: { out: ChatEvent[]; ended: boolean },
): void {
  answer.usage = mergeUsage(answer.usage, report)
  const usage = isRecord(report) ? decodeUsage(answer.usage) : undefined
  if (!usage) return
  const { outputTokens: _begun, ...prompt } = usage
  out.push({ type: 'usage', usage: ended ? usage : prompt })
}

function closeOpen(answer: Answer, out: ChatEvent[]): void {
  if (answer.open) closeBlock(answer.open, out)
  answer.open = undefined
}

function record(value: unknown): Extra {
  return isRecord(value) ? value : {}
}

function spliced(): GatewayError {
  return new GatewayError({
    code: 'UPSTREAM_TRUNCATED',
    message: 'The provider began a second answer before the first was complete.',
  })
}
