import type { Message, Signature, ToolCallKind } from '../../protocol/request.ts'

/** A conversation that grows item by item: what the assistant does in a row is one turn. */
export interface Turns {
  messages: Message[]
  /** The kind of each call so far, by its id. */
  calls: Map<string, ToolCallKind>
  /** Signatures that came before their calls. */
  signatures: Map<string, Signature>
  warnings: string[]
  /** An item by its id, for references. */
  itemOf: (id: string) => unknown
}

export function newTurns(itemOf: Turns['itemOf']): Turns {
  return { messages: [], calls: new Map(), signatures: new Map(), warnings: [], itemOf }
}

/** The assistant's turn that is being built. */
export function assistantTurn({ messages }: Turns): Message {
  const last = messages.at(-1)
  if (last?.role === 'assistant') return last
  const turn: Message = { role: 'assistant', parts: [] }
  messages.push(turn)
  return turn
}
