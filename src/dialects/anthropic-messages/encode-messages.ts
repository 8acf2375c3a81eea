import { type GatewayError, invalidRequest } from '../../errors.ts'
import type { ContentPart, Extra, Message } from '../../protocol/request.ts'
import { encodeBlock, encodeCall } from './encode-block.ts'
import type { ModelTraits } from './model-traits.ts'
import { encodeCallId } from './tool-call-id.ts'
import { unsupported } from './unsupported.ts'
import { encodeCache } from './wire.ts'

/** The conversation on the wire: the instructions beside it, the turns without empty ones. */
export interface Conversation {
  system: Extra[]
  turns: Turn[]
}

interface Turn {
  role: 'user' | 'assistant' | 'system'
  content: Extra[]
}

interface Options {
  own: boolean
  traits: ModelTraits
}

/** Results of tools are the beginning of the user's next turn, all of one turn's calls together. */
export function encodeMessages(messages: readonly Message[], options: Options): Conversation {
  const { own, traits } = options
  const system: Extra[] = []
  const turns: Turn[] = []
  const calls = new OpenCalls()
  for (const [index, message] of messages.entries()) {
    const place = { path: `messages[${index}]`, own }
    switch (message.role) {
      case 'system':
      case 'developer': {
        const blocks = encodeParts(message, place)
        if (turns.length > 0 && traits.systemTurns) addTurn(turns, 'system', blocks)
        else system.push(...blocks)
        break
      }
      case 'user':
        calls.expectNone()
        if (continuesResults(messages, index))
          turns.at(-1)?.content.push(...encodeParts(message, place))
        else addTurn(turns, 'user', encodeParts(message, place))
        break
      case 'assistant':
        calls.expectNone()
        calls.open(message, place.path)
        addTurn(turns, 'assistant', encodeParts(message, place))
        break
      case 'tool': {
        calls.answer(message, place.path)
        const result = encodeResult(message, place)
        if (messages[index - 1]?.role === 'tool') turns.at(-1)?.content.push(result)
        else addTurn(turns, 'user', [result])
        break
      }
      default:
        message.role satisfies never
    }
  }
  calls.expectNone()
  endTurns(turns, { messages, traits })
  return { system, turns }
}

interface PartPlace {
  path: string
  own: boolean
}

/** The user's words after the results stand in the same turn. */
function continuesResults(messages: readonly Message[], index: number): boolean {
  return messages[index - 1]?.role === 'tool'
}

function addTurn(turns: Turn[], role: Turn['role'], content: Extra[]): void {
  if (content.length > 0) turns.push({ role, content })
}

function encodeParts(message: Message, { path, own }: PartPlace): Extra[] {
  const { parts, toolCalls = [] } = message
  const placed = new Set<number>()
  const encodeCallAt = (index: number): Extra[] => {
    const call = toolCalls[index]
    if (!call || placed.has(index)) return []
    placed.add(index)
    return [encodeCall(call, { path: `${path}.tool_calls[${index}]`, own })]
  }
  const blocks = parts.flatMap((part, index) => {
    if (part.type === 'tool-call') return encodeCallAt(part.index)
    const block = encodeBlock(part, { path: `${path}.content[${index}]`, own })
    return block ? [block] : []
  })
  return [...blocks, ...toolCalls.keys().flatMap(encodeCallAt)]
}

/** The mark of the last part is the mark of the whole result. */
function encodeResult(message: Message, { path, own }: PartPlace): Extra {
  const last = message.parts.at(-1)
  const cache = last?.cache
  const parts: ContentPart[] = [...message.parts]
  if (last) parts[parts.length - 1] = { ...last, cache: undefined }
  const content = encodeParts({ ...message, parts }, { path, own })
  const [first, second] = content
  const plain = first?.['type'] === 'text' && !second && Object.keys(first).length === 2
  return {
    type: 'tool_result',
    tool_use_id: encodeCallId(message.toolCallId ?? '', message.name ?? ''),
    ...(content.length > 0 && { content: plain ? first['text'] : content }),
    ...(message.isError !== undefined && { is_error: message.isError }),
    ...(cache && { cache_control: encodeCache(cache) }),
    ...(own && message.extra),
  }
}

/** What stands last is where the answer goes on: the wire refuses white space there, and newer models any beginning. */
function endTurns(
  turns: Turn[],
  { messages, traits }: { messages: readonly Message[]; traits: ModelTraits },
): void {
  const last = turns.at(-1)
  if (!last) throw invalidRequest('messages', "Invalid 'messages': there is no text in them.")
  const block = last.content.at(-1)
  if (last.role !== 'assistant' || block?.['type'] !== 'text') return
  if (!traits.prefill) {
    const path = `messages[${messages.length - 1}]`
    throw unsupported(path, 'this model does not go on with an answer that was begun for it')
  }
  const text = String(block['text']).trimEnd()
  last.content[last.content.length - 1] = { ...block, text }
}

/** Calls whose results have not come yet. */
class OpenCalls {
  readonly #open = new Map<string, string>()

  open({ toolCalls = [] }: Message, path: string): void {
    for (const [index, { id, name }] of toolCalls.entries()) {
      this.#open.set(encodeCallId(id, name), `${path}.tool_calls[${index}]`)
    }
  }

  answer({ toolCallId = '', name = '' }: Message, path: string): void {
    if (!this.#open.delete(encodeCallId(toolCallId, name))) throw unasked(path)
  }

  expectNone(): void {
    const [first] = this.#open.values()
    if (first !== undefined) throw unanswered(first)
  }
}

function unasked(path: string): GatewayError {
  return invalidRequest(path, `Invalid '${path}': it answers no tool call of the turn before it.`)
}

function unanswered(path: string): GatewayError {
  return invalidRequest(path, `Invalid '${path}': no tool message after it has its result.`)
}
