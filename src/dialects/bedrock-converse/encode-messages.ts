import { invalidRequest } from '../../errors.ts'
import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { matchResults } from '../match-results.ts'
import { cachePoint } from './cache-point.ts'
import { bedrockConverse } from './dialect.ts'
import { encodeMedia } from './media.ts'
import type { ModelTraits } from './model-traits.ts'
import { encodeToolUse, wireId } from './tool-use.ts'
import { unsupported } from './unsupported.ts'

/** One turn on the wire. */
export interface Turn {
  role: 'user' | 'assistant'
  content: Extra[]
}

interface Place {
  path: string
  family: ModelTraits['family']
  /** Whether calls and results have blocks of their own; without tools they are told as text. */
  tools: boolean
}

/** The conversation: instructions apart, and turns that alternate. */
export function encodeMessages(
  messages: readonly Message[],
  options: Omit<Place, 'path'>,
): { messages: Turn[]; system: Extra[] } {
  const matched = matchResults(messages)
  const turns: Turn[] = []
  const system: Extra[] = []
  for (const message of matched.messages) {
    const place = { ...options, path: `messages[${messages.indexOf(message)}]` }
    const { role } = message
    if (role === 'system' || role === 'developer') system.push(...encodeParts(message, place))
    else if (role === 'assistant') add(turns, 'assistant', encodeParts(message, place))
    else if (role === 'user') add(turns, 'user', encodeParts(message, place))
    else add(turns, 'user', encodeResult(message, matched.calls.get(message), place))
  }
  if (turns.length === 0) {
    throw unsupported('messages', 'beside instructions it wants a message to answer')
  }
  return { messages: turns, system }
}

/** Turns of one side that follow each other are one. */
function add(turns: Turn[], role: Turn['role'], content: Extra[]): void {
  const last = turns.at(-1)
  if (content.length === 0) return
  if (last?.role === role) last.content.push(...content)
  else turns.push({ role, content })
}

/** The calls stand where the turn says, and those without a place at the end. */
function encodeParts({ parts, toolCalls = [] }: Message, place: Place): Extra[] {
  const { path } = place
  const calls = toolCalls.map((call, index) => {
    const at = `${path}.tool_calls[${index}]`
    return place.tools ? encodeToolUse(call, { ...place, path: at }) : calledText(call)
  })
  const placed = new Set(parts.flatMap((part) => (part.type === 'tool-call' ? [part.index] : [])))
  const encoded = parts.flatMap((part, index) => [
    ...(part.type === 'tool-call'
      ? calls.slice(part.index, part.index + 1)
      : encodePart(part, `${path}.content[${index}]`)),
    ...cachePoint(part.cache),
  ])
  return [...encoded, ...calls.filter((_, index) => !placed.has(index))]
}

function encodePart(part: Exclude<ContentPart, { type: 'tool-call' }>, path: string): Extra[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      // Blank texts are refused.
      return part.text.trim() === '' ? [] : [{ text: part.text }]
    case 'reasoning':
      return encodeReasoning(part)
    case 'image':
    case 'audio':
    case 'file':
      return [encodeMedia(part, path)]
    case 'native':
      if (part.dialect !== bedrockConverse) {
        throw unsupported(path, 'it is content of another vendor')
      }
      return [part.part]
    default:
      return part satisfies never
  }
}

/** Only thoughts that were signed or sealed on this wire go back. */
function encodeReasoning(part: Extract<ContentPart, { type: 'reasoning' }>): Extra[] {
  if (part.sealed?.dialect === bedrockConverse) {
    return [{ reasoningContent: { redactedContent: part.sealed.value } }]
  }
  if (part.signature?.dialect !== bedrockConverse) return []
  const reasoningText = { text: part.text, signature: part.signature.value }
  return [{ reasoningContent: { reasoningText } }]
}

function encodeResult(message: Message, call: ToolCall | undefined, place: Place): Extra[] {
  const { path, family } = place
  if (!call) {
    throw invalidRequest(
      `${path}.tool_call_id`,
      `Invalid '${path}.tool_call_id': no call before it has this id. Send the assistant's message with the call as well.`,
    )
  }
  const content = encodeParts({ ...message, toolCalls: [] }, place)
  if (!place.tools) return [{ text: `Result of ${call.name}:` }, ...content]
  const marks = content.filter((block) => 'cachePoint' in block)
  const toolResult = {
    toolUseId: wireId(call, family),
    content: content.filter((block) => !('cachePoint' in block)),
    ...(message.isError === true && { status: 'error' }),
  }
  return [{ toolResult }, ...marks]
}

function calledText({ name, arguments: written }: ToolCall): Extra {
  return { text: `Called ${name} with ${written === '' ? '{}' : written}` }
}
