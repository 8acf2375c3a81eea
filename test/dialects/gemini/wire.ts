import { decodeGeminiBody, decodeGeminiEvents } from '../../../src/dialects/gemini/decode-events.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { ChatRequest, ContentPart, Message } from '../../../src/protocol/request.ts'
import type { ResponseChoice } from '../../../src/protocol/response.ts'

/** One chunk of a stream, or a whole answer, with one candidate. */
export function chunk(parts: object[], members: object = {}, beside: object = {}): object {
  return {
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...members }],
    modelVersion: 'gemini-2.5-flash',
    responseId: 'c3cpap',
    ...beside,
  }
}

export const stop = { finishReason: 'STOP' }

/** The events of a stream up to its end or failure, and the failure. */
export async function decode(
  frames: readonly unknown[],
): Promise<{ events: ChatEvent[]; error: unknown }> {
  const events: ChatEvent[] = []
  async function* source(): AsyncGenerator<string> {
    for (const frame of frames) yield typeof frame === 'string' ? frame : JSON.stringify(frame)
  }
  try {
    for await (const event of decodeGeminiEvents(source())) events.push(event)
  } catch (error) {
    return { events, error }
  }
  return { events, error: undefined }
}

/** The same of an answer that comes whole. */
export function decodeWhole(body: unknown): ChatEvent[] {
  return decodeGeminiBody(body)
}

/** A request of one turn, or with these members. */
export function request(members: Partial<ChatRequest> = {}): ChatRequest {
  return { model: 'm', stream: false, messages: [user('hi')], ...members }
}

export function user(...parts: (string | ContentPart)[]): Message {
  return {
    role: 'user',
    parts: parts.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part)),
  }
}

/** A choice as a client sends it back in the next turn. */
export function turnOf({ parts, toolCalls }: ResponseChoice): Message {
  return {
    role: 'assistant',
    parts: parts.map((part): ContentPart => {
      if (part.type === 'native' || part.type === 'tool-call') return part
      const { extra: _known, ...rest } = part
      return rest
    }),
    ...(toolCalls.length > 0 && {
      toolCalls: toolCalls.map(({ extra: _known, ...call }) => call),
    }),
  }
}
