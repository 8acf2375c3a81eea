import type { ChatEvent } from '../../protocol/event.ts'
import { unusable } from '../broken-answer.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { decodeBlock } from './decode-block.ts'
import { bedrockConverse } from './dialect.ts'
import { finishReason } from './finish-reason.ts'
import { decodeUsage } from './usage.ts'

/** The events of a whole answer. */
export function decodeConverseBody(body: unknown): ChatEvent[] {
  const output = isRecord(body) ? body['output'] : undefined
  const message = isRecord(output) ? output['message'] : undefined
  if (!isRecord(body) || !isRecord(message) || !Array.isArray(message['content'])) throw unusable()
  const blocks: unknown[] = message['content']
  let calls = 0
  const events: ChatEvent[] = [{ type: 'response-start' }]
  for (const block of blocks) events.push(...decodeBlock(block, () => calls++))
  const { stopReason, additionalModelResponseFields: additional } = body
  const members = unreadValues(body, readMembers)
  if (members) events.push({ type: 'extra', dialect: bedrockConverse, members })
  const reason = finishReason(text(stopReason), { called: calls > 0, additional })
  events.push({ type: 'finish', choice: 0, reason })
  const usage = decodeUsage(body['usage'])
  if (usage) events.push({ type: 'usage', usage })
  return events
}

const readMembers: ReadonlySet<string> = new Set(['output', 'stopReason', 'usage'])
