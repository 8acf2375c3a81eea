import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { argumentsObject } from '../call-arguments.ts'
import { readDataUrl } from '../data-url.ts'
import { matchResults, unknownCall } from '../match-results.ts'
import { unsupported } from './unsupported.ts'

/** The conversation: texts of a turn are one string, and its images stand beside it. */
export function encodeMessages(messages: readonly Message[]): Extra[] {
  const matched = matchResults(messages)
  return matched.messages.map((message) => {
    const path = `messages[${messages.indexOf(message)}]`
    const { role } = message
    if (role === 'tool') return encodeResult(message, { call: matched.calls.get(message), path })
    return {
      role: role === 'developer' ? 'system' : role,
      ...encodeContent(message, path),
      ...encodeCalls(message, path),
    }
  })
}

interface Place {
  /** The call that the result answers. */
  call: ToolCall | undefined
  path: string
}

/** Older servers know a result by the name of its function alone. */
function encodeResult(message: Message, { call, path }: Place): Extra {
  const name = call?.name ?? (message.toolCallId === undefined ? message.name : undefined)
  if (name === undefined) throw unknownCall(path)
  return {
    role: 'tool',
    ...encodeContent(message, path),
    tool_name: name,
    ...(call && call.id !== '' && { tool_call_id: call.id }),
  }
}

function encodeContent({ parts }: Message, path: string): Extra {
  const said = { content: '', thinking: '', images: [] as string[] }
  for (const [index, part] of parts.entries()) addPart(said, part, `${path}.content[${index}]`)
  const { content, thinking, images } = said
  return {
    content,
    ...(thinking !== '' && { thinking }),
    ...(images.length > 0 && { images }),
  }
}

function addPart(
  said: { content: string; thinking: string; images: string[] },
  part: ContentPart,
  path: string,
): void {
  switch (part.type) {
    case 'text':
    case 'refusal':
      said.content += part.text
      return
    case 'reasoning':
      said.thinking += part.text
      return
    case 'image':
      said.images.push(imageOf(part, path))
      return
    case 'tool-call':
      return // calls stand beside the content
    case 'audio':
    case 'file':
    case 'native':
      throw unsupported(path, 'a message holds text and images')
    default:
      part satisfies never
  }
}

function imageOf(part: Extract<ContentPart, { type: 'image' }>, path: string): string {
  const read = 'url' in part ? readDataUrl(part.url) : undefined
  if (!read) throw unsupported(path, 'it takes images as data: URLs')
  return read.data
}

function encodeCalls({ toolCalls = [] }: Message, path: string): Extra {
  if (toolCalls.length === 0) return {}
  return {
    tool_calls: toolCalls.map(({ id, kind, name, arguments: written }, index) => {
      const at = `${path}.tool_calls[${index}]`
      if (kind === 'custom') throw unsupported(at, 'it calls a custom tool')
      const given = argumentsObject(written, `${at}.function.arguments`, unsupported)
      return { ...(id !== '' && { id }), function: { index, name, arguments: given } }
    }),
  }
}
