import type { Message, ToolCall } from './request.ts'

/** Where the tool calls of a conversation do not hold together, by the indexes of turn and call. */
export type ToolFlaw =
  | { kind: 'result-without-call'; message: number }
  | { kind: 'broken-arguments'; message: number; call: number }

/** The first flaw, which is the client's to mend: on other wires such a conversation cannot be said. */
export function toolFlaw(messages: readonly Message[]): ToolFlaw | undefined {
  const made = new Set<string>()
  for (const [index, { role, toolCalls = [], toolCallId }] of messages.entries()) {
    const call = toolCalls.findIndex(hasBrokenArguments)
    if (call >= 0) return { kind: 'broken-arguments', message: index, call }
    for (const { id } of toolCalls) made.add(id)
    if (role === 'tool' && toolCallId !== undefined && !made.has(toolCallId)) {
      return { kind: 'result-without-call', message: index }
    }
  }
  return undefined
}

/** What a client is told of either. */
export const toolFlawWords: Record<ToolFlaw['kind'], string> = {
  'result-without-call': 'no earlier assistant message makes this call; send that message too',
  'broken-arguments': 'expected a JSON object as the model wrote it',
}

/** Whether a function is called with something else than a JSON object; nothing at all stands for an empty one. */
export function hasBrokenArguments({ kind, arguments: written }: ToolCall): boolean {
  if (kind === 'custom' || written.trim() === '') return false
  try {
    const value: unknown = JSON.parse(written)
    return typeof value !== 'object' || value === null || Array.isArray(value)
  } catch {
    return true
  }
}
