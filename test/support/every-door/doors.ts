import { anthropicMessagesDoor } from '../../../src/dialects/anthropic-messages/chat-door.ts'
import { openaiChatDoor } from '../../../src/dialects/openai-chat/chat-door.ts'
import { openaiCompletionsDoor } from '../../../src/dialects/openai-completions/chat-door.ts'
import { openaiResponsesDoor } from '../../../src/dialects/openai-responses/chat-door.ts'
import type { ChatDoor, DecodedRequest } from '../../../src/protocol/chat-door.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { framesOf } from '../recorded.ts'
import { readMessages } from './read-messages.ts'
import { readChat, readText } from './read-openai.ts'
import { readResponses } from './read-responses.ts'
import { type Members, nothingTold, type Told } from './told.ts'

/** A path that answers completions, the smallest request that it takes, and a plain reader of its wire. */
export interface DoorCase {
  path: string
  door: ChatDoor
  body: Members
  /** Takes a whole answer, or the frames of a stream. */
  read: (parts: readonly Members[]) => Told
}

const messages = [{ role: 'user', content: 'Hello' }]
const includeUsage = { stream_options: { include_usage: true } }

export const doors: readonly DoorCase[] = [
  {
    path: '/v1/chat/completions',
    door: openaiChatDoor,
    body: { messages, ...includeUsage },
    read: readChat,
  },
  {
    path: '/v1/messages',
    door: anthropicMessagesDoor,
    body: { messages, max_tokens: 1 },
    read: readMessages,
  },
  {
    path: '/v1/responses',
    door: openaiResponsesDoor,
    body: { input: 'Hello' },
    read: readResponses,
  },
  {
    path: '/v1/completions',
    door: openaiCompletionsDoor,
    body: { prompt: 'Hello', ...includeUsage },
    read: (parts) => {
      const { choices, usage } = readText(parts)
      return { choices: choices.map((choice) => ({ ...nothingTold(), ...choice })), usage }
    },
  },
]

const context = { id: 'req_1', created: 1, model: 'provider/model' }

/** What a client of the door reads of the answer that it gets whole. */
export async function throughWhole(
  { door, body, read }: DoorCase,
  events: readonly ChatEvent[],
): Promise<Told> {
  const { stream_options: _, ...plain } = body
  const asked = requestTo(door, plain)
  const answer = asked.encodeResponse(await collect(ended(events)), context)
  return read([JSON.parse(JSON.stringify(answer))])
}

/** What a client of the door reads of the same answer as it is made. */
export function throughStream({ door, body, read }: DoorCase, events: readonly ChatEvent[]): Told {
  const encoder = requestTo(door, { ...body, stream: true }).openStream(context)
  const text = ended(events).map((event) => encoder.event(event))
  const frames = framesOf([...text, encoder.end()].join(''))
  return read(frames.filter((frame) => frame !== '[DONE]').map((frame) => JSON.parse(frame)))
}

function requestTo(door: ChatDoor, body: Members): DecodedRequest {
  return door.decode({ model: 'provider/model', ...body }, {})
}

function ended(events: readonly ChatEvent[]): ChatEvent[] {
  return [
    ...events,
    { type: 'end', settlement: { requestId: 'r', status: 'succeeded', attempts: [] } },
  ]
}
