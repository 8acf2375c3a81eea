import { type GatewayError, invalidRequest } from '../errors.ts'
import type { Message, ToolCall } from '../protocol/request.ts'

/** A conversation whose tool turns know their calls. */
export interface MatchedResults {
  /** The turns, with tool turns that stand together in the order of the calls that they answer. */
  messages: Message[]
  /** The call that each tool turn answers; one that answers none is absent. */
  calls: ReadonlyMap<Message, ToolCall>
}

/**
 * Finds the call of every tool turn. On the wire results belong to calls by name and order, so
 * neither an id that repeats nor results in another order may lead one to the wrong call.
 */
export function matchResults(messages: readonly Message[]): MatchedResults {
  const all: ToolCall[] = []
  const calls = new Map<Message, ToolCall>()
  const open: ToolCall[] = []
  for (const message of messages) {
    if (message.toolCalls) {
      all.push(...message.toolCalls)
      open.unshift(...message.toolCalls)
    }
    if (message.role !== 'tool') continue
    const at = open.findIndex((each) => answers(message, each))
    const [call] = at < 0 ? all.filter((each) => answers(message, each)) : open.splice(at, 1)
    if (call) calls.set(message, call)
  }
  const order = new Map(all.map((call, index) => [call, index]))
  const place = (message: Message): number => {
    const call = calls.get(message)
    return (call && order.get(call)) ?? all.length
  }
  return { messages: sortRuns(messages, place), calls }
}

/** A result without the call that it answers. */
export function unknownCall(path: string): GatewayError {
  return invalidRequest(
    `${path}.tool_call_id`,
    `Invalid '${path}.tool_call_id': no call before it has this id. Send the assistant's message with the call as well.`,
  )
}

/** OpenAI's deprecated function turns have a name and no id. */
function answers({ toolCallId, name }: Message, call: ToolCall): boolean {
  return toolCallId === undefined ? call.name === name : call.id === toolCallId
}

function sortRuns(messages: readonly Message[], place: (message: Message) => number): Message[] {
  const sorted: Message[] = []
  let run: Message[] = []
  const endRun = (): void => {
    sorted.push(...run.toSorted((a, b) => place(a) - place(b)))
    run = []
  }
  for (const message of messages) {
    if (message.role === 'tool') run.push(message)
    else {
      endRun()
      sorted.push(message)
    }
  }
  endRun()
  return sorted
}
