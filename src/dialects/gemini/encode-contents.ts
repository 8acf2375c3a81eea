import type { ContentPart, Extra, Message } from '../../protocol/request.ts'
import { matchResults } from '../match-results.ts'
import { gemini } from './dialect.ts'
import { encodeCalls } from './encode-call.ts'
import { encodeResult } from './encode-result.ts'
import { encodeMedia } from './media.ts'
import { modelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'

/** One turn on the wire. */
export interface Content {
  role: 'user' | 'model'
  parts: Extra[]
}

export interface Conversation {
  contents: Content[]
  systemInstruction?: { parts: Extra[] }
}

/** The conversation: instructions apart, and the results of the calls of a turn together in one turn. */
export function encodeContents(messages: readonly Message[], model: string): Conversation {
  const traits = modelTraits(model)
  const matched = matchResults(messages)
  const contents: Content[] = []
  const instructions: Extra[] = []
  let results: Extra[] | undefined
  for (const message of matched.messages) {
    const path = `messages[${messages.indexOf(message)}]`
    if (message.role === 'tool') {
      if (!results) contents.push({ role: 'user', parts: (results = []) })
      results.push(encodeResult(message, { call: matched.calls.get(message), path, traits }))
      continue
    }
    results = undefined
    const { role } = message
    const calls = encodeCalls(message, { path, traits })
    const parts = encodeParts(message, { path, calls })
    if (role === 'system' || role === 'developer') instructions.push(...parts)
    else if (role === 'user') contents.push({ role, parts: spoken(parts) })
    // A turn in which nothing was said is no turn.
    else if (parts.length > 0) contents.push({ role: 'model', parts })
  }
  if (contents.length === 0) {
    throw unsupported('messages', 'beside instructions it wants a message to answer')
  }
  return {
    contents,
    ...(instructions.length > 0 && { systemInstruction: { parts: instructions } }),
  }
}

/** The calls stand where the turn says, and those without a place at the end. */
function encodeParts(
  { parts }: Message,
  { path, calls }: { path: string; calls: readonly Extra[] },
): Extra[] {
  const placed = new Set(parts.flatMap((part) => (part.type === 'tool-call' ? [part.index] : [])))
  const encoded = parts.flatMap((part, index) =>
    part.type === 'tool-call'
      ? calls.slice(part.index, part.index + 1)
      : encodePart(part, `${path}.content[${index}]`),
  )
  return [...encoded, ...calls.filter((_, index) => !placed.has(index))]
}

function encodePart(part: Exclude<ContentPart, { type: 'tool-call' }>, path: string): Extra[] {
  switch (part.type) {
    case 'text': {
      const thoughtSignature = own(part.signature)
      if (thoughtSignature !== undefined) return [{ text: part.text, thoughtSignature }]
      return part.text === '' ? [] : [{ text: part.text }]
    }
    case 'refusal':
      return [{ text: part.text }]
    case 'reasoning': {
      const thoughtSignature = own(part.signature)
      return thoughtSignature === undefined
        ? []
        : [{ text: part.text, thought: true, thoughtSignature }]
    }
    case 'image':
    case 'audio':
    case 'file':
      return [encodeMedia(part, path)]
    case 'native':
      if (part.dialect !== gemini) throw unsupported(path, 'it is content of another vendor')
      return [part.part]
    default:
      return part satisfies never
  }
}

function own(signature: { dialect: string; value: string } | undefined): string | undefined {
  return signature?.dialect === gemini ? signature.value : undefined
}

function spoken(parts: Extra[]): Extra[] {
  return parts.length > 0 ? parts : [{ text: '' }]
}
