import { decodeMessageEvents } from '../../../src/dialects/anthropic-messages/decode-events.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { ChatRequest, Message } from '../../../src/protocol/request.ts'
import { streamOf } from '../../support/recorded.ts'

export type Members = Record<string, unknown>

export const start: Members = {
  type: 'message_start',
  message: {
    model: 'claude-haiku-4-5-20251001',
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 43, cache_read_input_tokens: 0, output_tokens: 1 },
  },
}

export const stop: Members = { type: 'message_stop' }

export function opened(block: Members, index = 0): Members {
  return { type: 'content_block_start', index, content_block: block }
}

export function delta(members: Members, index = 0): Members {
  return { type: 'content_block_delta', index, delta: members }
}

export function closed(index = 0): Members {
  return { type: 'content_block_stop', index }
}

export function ended(reason = 'end_turn', usage: Members = { output_tokens: 9 }): Members {
  return {
    type: 'message_delta',
    delta: { stop_reason: reason, stop_sequence: null },
    usage,
  }
}

/** The events of a stream with these frames. */
export async function eventsOf(frames: Members[]): Promise<ChatEvent[]> {
  const events: ChatEvent[] = []
  const data = frames.map((frame) => JSON.stringify(frame))
  for await (const event of decodeMessageEvents(streamOf(data))) events.push(event)
  return events
}

/** A request that another dialect's door has read. */
export function asked(members: Partial<ChatRequest> = {}): ChatRequest {
  return { model: 'm', messages: [said('user', 'hello')], stream: false, ...members }
}

export function said(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] }
}
