import { decodeChatEvents } from '../../../src/dialects/openai-chat/decode-events.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { streamOf } from '../../support/recorded.ts'

export type Members = Record<string, unknown>

/** A chunk as OpenAI sends it, with `members` beside or instead of the usual ones. */
export function chunk(choices: Members[], members: Members = {}): Members {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_784_728_648,
    model: 'gpt-5-2025-08-07',
    choices: choices.map((choice) => ({ index: 0, finish_reason: null, ...choice })),
    ...members,
  }
}

export function delta(members: Members, beside: Members = {}): Members {
  return chunk([{ delta: members, ...beside }])
}

export const finish = (reason: string): Members => delta({}, { finish_reason: reason })

export const done = '[DONE]'

/** The events of a stream whose frames are these chunks or raw texts. */
export async function eventsOf(frames: (Members | string)[]): Promise<ChatEvent[]> {
  const { events, error } = await outcomeOf(frames)
  if (error) throw error
  return events
}

/** As `eventsOf`, for streams that fail: what came before the failure, and the failure. */
export async function outcomeOf(
  frames: (Members | string)[],
): Promise<{ events: ChatEvent[]; error: GatewayError | undefined }> {
  const events: ChatEvent[] = []
  const data = frames.map((frame) => (typeof frame === 'string' ? frame : JSON.stringify(frame)))
  try {
    for await (const event of decodeChatEvents(streamOf(data))) events.push(event)
  } catch (error) {
    if (error instanceof GatewayError) return { events, error }
    throw error
  }
  return { events, error: undefined }
}

/** The events without the opening one, which every stream has. */
export async function contentOf(frames: (Members | string)[]): Promise<ChatEvent[]> {
  const events = await eventsOf(frames)
  return events.filter(({ type }) => type !== 'response-start')
}
