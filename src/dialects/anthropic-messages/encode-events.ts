import type { AnswerContext } from '../../protocol/chat-door.ts'
import type { ChatEvent, FinishReason, PartStart, ReasoningDelta } from '../../protocol/event.ts'
import type { Extra, Signature } from '../../protocol/request.ts'
import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import { BlocksOut } from './blocks-out.ts'
import { encodeCitation } from './citation.ts'
import { anthropicMessages } from './dialect.ts'
import { callHead, nativeBlock } from './encode-response.ts'
import { OneCallAtATime } from './one-call-at-a-time.ts'
import { messageId } from './message-id.ts'
import { encodeStopReason, refusalDetails, refused } from './stop-reason.ts'
import { encodeSignature } from './tunnel.ts'
import { encodeFinalUsage, encodeUsage } from './usage.ts'

export type WireEvent = { type: string } & Extra

/** Makes a function that turns one event after another into the events of this wire's stream. */
export function createEventEncoder(context: AnswerContext): (event: ChatEvent) => WireEvent[] {
  const stream: Stream = {
    context,
    upstreamId: undefined,
    isOpen: false,
    extra: {},
    warnings: [],
    usage: undefined,
    finish: { unified: 'other' },
    refusal: '',
    blocks: new BlocksOut(),
    isCustom: false,
    out: [],
  }
  const order = new OneCallAtATime()
  return (event) => {
    stream.out = []
    // Several answers cannot be asked for here.
    if ('choice' in event && event.choice !== undefined && event.choice > 0) return []
    for (const each of order.next(event)) encodeEvent(stream, each)
    return stream.out
  }
}

interface Stream {
  context: AnswerContext
  upstreamId: string | undefined
  /** Whether the message was begun. */
  isOpen: boolean
  /** Members of the message that were not sent yet. */
  extra: Extra
  warnings: string[]
  usage: Usage | undefined
  finish: FinishReason
  /** What was said of why nothing was. */
  refusal: string
  blocks: BlocksOut
  /** Whether the call that is open is one of a custom tool. */
  isCustom: boolean
  out: WireEvent[]
}

function encodeEvent(stream: Stream, event: ChatEvent): void {
  switch (event.type) {
    case 'response-start':
      stream.upstreamId = event.id
      return
    case 'extra':
      if (event.dialect === anthropicMessages) Object.assign(stream.extra, event.members)
      return
    case 'usage':
      stream.usage = event.usage
      return
    case 'warning':
      stream.warnings.push(event.message)
      return
    case 'finish':
      stream.finish = event.reason
      return
    case 'end':
      stream.usage ??= event.settlement.usage
      return endMessage(stream)
    case 'cache-lookup':
    case 'attempt-start':
    case 'attempt-failed':
    case 'attempt-chosen':
    // This door has no mark for them, so that they are refused before they come.
    case 'answer-restarted':
    case 'answer-continued':
    case 'audio':
    // A failure is an event of its own.
    case 'error':
      return
    default:
      openMessage(stream)
      return encodeContent(stream, event)
  }
}

type ContentEvent = Extract<
  ChatEvent,
  {
    type:
      | 'part-start'
      | 'native-part'
      | 'text-delta'
      | 'reasoning-delta'
      | 'refusal-delta'
      | 'tool-call-start'
      | 'tool-call-delta'
      | 'tool-call-end'
      | 'annotations'
  }
>

function encodeContent(stream: Stream, event: ContentEvent): void {
  const { blocks, out } = stream
  switch (event.type) {
    case 'part-start':
      return startPart(blocks, event, out)
    case 'text-delta':
      if (event.text !== '') blocks.add('text', { type: 'text_delta', text: event.text }, out)
      if (event.signature) blocks.whole(signedText(event.signature), out)
      return
    case 'refusal-delta':
      stream.refusal += event.text
      return blocks.add('refusal', { type: 'text_delta', text: event.text }, out)
    case 'reasoning-delta':
      return addReasoning(blocks, event, out)
    case 'tool-call-start':
      blocks.open('call', { ...callHead(event), input: {} }, out)
      stream.isCustom = event.kind === 'custom'
      // What a custom tool takes is any text.
      return stream.isCustom ? addInput(stream, '{"input":"') : undefined
    case 'tool-call-delta': {
      const { argumentsDelta: piece } = event
      return addInput(stream, stream.isCustom ? JSON.stringify(piece).slice(1, -1) : piece)
    }
    case 'tool-call-end':
      if (stream.isCustom) addInput(stream, '"}')
      stream.isCustom = false
      return blocks.close(out)
    case 'annotations':
      for (const annotation of event.annotations) {
        const citation = encodeCitation(annotation)
        if (citation !== undefined) blocks.add('text', { type: 'citations_delta', citation }, out)
      }
      return
    case 'native-part':
      return blocks.whole(nativeBlock(event), out)
    default:
      event satisfies never
  }
}

function addInput({ blocks, out }: Stream, partial_json: string): void {
  blocks.add('call', { type: 'input_json_delta', partial_json }, out)
}

/** The wire has no proofs of texts and has begun the block when one comes: it is a block of its own. */
function signedText(signature: Signature): Extra {
  return { type: 'text', text: '', signature: encodeSignature(signature) }
}

/** A part of this dialect is opened at once, even if it stays empty; of others with its first piece. */
function startPart(blocks: BlocksOut, { kind, extra }: PartStart, out: WireEvent[]): void {
  blocks.close(out)
  if (extra?.dialect !== anthropicMessages) return
  // Sealed reasoning is a block of its own, and the details tell of a refusal.
  if (kind === 'refusal') blocks.hush()
  else if (kind === 'text') blocks.open('text', { type: 'text', text: '', ...extra.members }, out)
  else blocks.expectThinking(extra.members)
}

function addReasoning(blocks: BlocksOut, event: ReasoningDelta, out: WireEvent[]): void {
  const { text, signature, sealed } = event
  if (text !== '') blocks.add('thinking', { type: 'thinking_delta', thinking: text }, out)
  if (signature) {
    const delta = { type: 'signature_delta', signature: encodeSignature(signature) }
    blocks.add('thinking', delta, out)
  }
  if (sealed) blocks.whole({ type: 'redacted_thinking', data: encodeSignature(sealed) }, out)
}

function openMessage(stream: Stream): void {
  if (stream.isOpen) return
  stream.isOpen = true
  const { context, upstreamId, usage, warnings } = stream
  // Why nothing is said stands at the end, even where it is known before.
  const { stop_details: details, ...extra } = stream.extra
  const message = {
    id: messageId(upstreamId, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...extra,
    ...(details !== undefined && { stop_details: null }),
    usage: encodeUsage(usage),
    ...(warnings.length > 0 && { xrouter: { warnings } }),
  }
  stream.extra = isRecord(details) ? { stop_details: details } : {}
  stream.warnings = []
  stream.out.push({ type: 'message_start', message })
}

/** Members that stand beside the delta, not in it. */
const besideDelta: ReadonlySet<string> = new Set(['context_management'])

function endMessage(stream: Stream): void {
  openMessage(stream)
  const { blocks, usage, warnings, out } = stream
  blocks.close(out)
  const told = 'stop_details' in stream.extra ? undefined : refusalDetails(stream.refusal)
  const finish = told ? refused(stream.finish) : stream.finish
  if (told) stream.extra = { ...stream.extra, ...told }
  const delta: Extra = {
    stop_reason: encodeStopReason(finish),
    stop_sequence: finish.stopSequence ?? null,
  }
  const beside: Extra = {}
  for (const [member, value] of Object.entries(stream.extra)) {
    const place = besideDelta.has(member) ? beside : delta
    place[member] = value
  }
  if (warnings.length > 0) beside['xrouter'] = { warnings }
  out.push({ type: 'message_delta', delta, usage: encodeFinalUsage(usage), ...beside })
  out.push({ type: 'message_stop' })
}
