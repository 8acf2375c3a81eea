import type { ChatEvent } from '../../protocol/event.ts'
import { parseFrame, truncated } from '../broken-answer.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { closeBlock, feedBlock, newBlocks, openBlock, type Blocks } from './decode-stream-block.ts'
import { decodeException } from './decode-error.ts'
import { bedrockConverse } from './dialect.ts'
import { finishReason } from './finish-reason.ts'
import { decodeUsage } from './usage.ts'

/** Events from the messages of a stream. */
export async function* decodeConverseEvents(
  data: AsyncIterable<string>,
): AsyncGenerator<ChatEvent> {
  const stream: Stream = { blocks: newBlocks(), stopped: false, measured: false }
  const out: ChatEvent[] = []
  for await (const line of data) {
    const message = parseFrame(line)
    const { type, exception, payload } = isRecord(message) ? message : {}
    if (exception === true) throw decodeException(text(type) ?? 'unknown', payload)
    decodeMessage(stream, { type, payload: isRecord(payload) ? payload : {} }, out)
    for (const event of out) yield event
    out.length = 0
  }
  // Nothing marks the end but that both came.
  if (!stream.stopped || !stream.measured) throw truncated()
}

interface Stream {
  blocks: Blocks
  stopped: boolean
  measured: boolean
}

interface StreamMessage {
  type: unknown
  payload: Record<string, unknown>
}

function decodeMessage(stream: Stream, { type, payload }: StreamMessage, out: ChatEvent[]): void {
  switch (type) {
    case 'messageStart':
      out.push({ type: 'response-start' })
      break
    case 'contentBlockStart':
      openBlock(stream.blocks, payload, out)
      break
    case 'contentBlockDelta':
      feedBlock(stream.blocks, payload, out)
      break
    case 'contentBlockStop':
      closeBlock(stream.blocks, payload, out)
      break
    case 'messageStop':
      stream.stopped = true
      decodeStop(stream.blocks, payload, out)
      break
    case 'metadata': {
      stream.measured = true
      const usage = decodeUsage(payload['usage'])
      if (usage) out.push({ type: 'usage', usage })
      pushExtra(payload, out)
      break
    }
    default:
      // What came after this was written.
      break
  }
}

function decodeStop(blocks: Blocks, payload: Record<string, unknown>, out: ChatEvent[]): void {
  const { stopReason, additionalModelResponseFields: additional } = payload
  pushExtra(payload, out)
  const reason = finishReason(text(stopReason), { called: blocks.calls > 0, additional })
  out.push({ type: 'finish', choice: 0, reason })
}

function pushExtra(payload: Record<string, unknown>, out: ChatEvent[]): void {
  const members = unreadValues(payload, readMembers)
  if (members) out.push({ type: 'extra', dialect: bedrockConverse, members })
}

/** `p` is padding that hides how long a token is. */
const readMembers: ReadonlySet<string> = new Set(['p', 'stopReason', 'usage'])
