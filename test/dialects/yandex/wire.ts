import { decodeYandexEvents } from '../../../src/dialects/yandex/decode-events.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'

export interface WireLine {
  text?: string
  toolCallList?: object
  /** Without `ALTERNATIVE_STATUS_`. */
  status?: string
  usage?: object
}

/** A line of the stream as the service writes it, but for its end. */
export function line({ status = 'PARTIAL', usage, ...message }: WireLine, wrapped = true): string {
  const result = {
    alternatives: [
      { message: { role: 'assistant', ...message }, status: `ALTERNATIVE_STATUS_${status}` },
    ],
    ...(usage && { usage }),
    modelVersion: '09.02.2025',
  }
  return JSON.stringify(wrapped ? { result } : result)
}

export function calls(...list: [name: string, given: object][]): object {
  const toolCalls = list.map(([name, given]) => ({ functionCall: { name, arguments: given } }))
  return { toolCalls }
}

export function counts(input: number, completion: number, reasoning?: number): object {
  return {
    inputTextTokens: String(input),
    completionTokens: String(completion),
    totalTokens: String(input + completion),
    ...(reasoning !== undefined && {
      completionTokensDetails: { reasoningTokens: String(reasoning) },
    }),
  }
}

/** The events up to the end or the failure, and the failure. */
export async function decode(
  lines: Iterable<string>,
): Promise<{ events: ChatEvent[]; error: unknown }> {
  const events: ChatEvent[] = []
  async function* source(): AsyncGenerator<string> {
    yield* lines
  }
  try {
    for await (const event of decodeYandexEvents(source())) events.push(event)
  } catch (error) {
    return { events, error }
  }
  return { events, error: undefined }
}
