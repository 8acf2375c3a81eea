import { invalidRequest } from '../../errors.ts'
import type { ContentPart, Extra, ToolCall } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { anthropicMessages } from './dialect.ts'
import { encodeCallId } from './tool-call-id.ts'
import { unsupported } from './unsupported.ts'
import { readDataUrl } from '../data-url.ts'
import { encodeCache, set } from './wire.ts'

/** Where a part stands, and whether its extras are this dialect's. */
export interface Place {
  path: string
  own: boolean
}

/** A part of a turn as a block; undefined where the wire has nothing to say for it. */
export function encodeBlock(part: ContentPart, place: Place): Extra | undefined {
  const block = blockOf(part, place)
  if (!block) return undefined
  const cache = part.cache && { cache_control: encodeCache(part.cache) }
  return { ...block, ...cache, ...(place.own && part.extra) }
}

/** A call that an assistant turn made. */
export function encodeCall(call: ToolCall, { path, own }: Place): Extra {
  const { id, kind, name, arguments: written } = call
  if (kind === 'custom') throw unsupported(path, 'its tools are called with JSON')
  const block = {
    type: 'tool_use',
    id: encodeCallId(id, name),
    name,
    input: inputOf(written, path),
  }
  return { ...block, ...(own && call.extra) }
}

function blockOf(part: ContentPart, { path }: Place): Extra | undefined {
  switch (part.type) {
    case 'text':
    case 'refusal':
      // The wire refuses blocks without visible text.
      return part.text.trim() === '' ? undefined : { type: 'text', text: part.text }
    case 'image':
      return { type: 'image', source: imageSource(part, path) }
    case 'file':
      return encodeDocument(part, path)
    case 'reasoning':
      return encodeThinking(part)
    case 'native':
      if (part.dialect !== anthropicMessages)
        throw unsupported(path, 'it is content of another vendor')
      return part.part
    case 'audio':
      throw unsupported(path, 'it takes no sound')
    // Calls are encoded with their turn.
    case 'tool-call':
      return undefined
    default:
      return part satisfies never
  }
}

const imageTypes: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
])

function imageSource(part: Extract<ContentPart, { type: 'image' }>, path: string): Extra {
  if ('fileId' in part) return { type: 'file', file_id: part.fileId }
  const inline = readDataUrl(part.url)
  if (!inline) return { type: 'url', url: part.url }
  const { mediaType, data } = inline
  // The usual misspelling of the usual type.
  const type = mediaType === 'image/jpg' ? 'image/jpeg' : mediaType
  if (!imageTypes.has(type)) {
    throw unsupported(path, `it takes ${[...imageTypes].join(', ')}, not ${mediaType || 'that'}`)
  }
  return { type: 'base64', media_type: type, data }
}

function encodeDocument(part: Extract<ContentPart, { type: 'file' }>, path: string): Extra {
  const document: Extra = { type: 'document', source: documentSource(part, path) }
  set(document, 'title', part.name)
  return document
}

function documentSource(part: Extract<ContentPart, { type: 'file' }>, path: string): Extra {
  if ('fileId' in part) return { type: 'file', file_id: part.fileId }
  const inline = readDataUrl(part.url)
  if (!inline) return { type: 'url', url: part.url }
  const { mediaType, data } = inline
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data }
  if (/^text\/|^application\/json$/.test(mediaType)) {
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(data, 'base64').toString() }
  }
  throw unsupported(path, `it takes files of PDF and of text, not ${mediaType || 'of no type'}`)
}

/** Only what this dialect signed or sealed can be shown to it again. */
function encodeThinking(part: Extract<ContentPart, { type: 'reasoning' }>): Extra | undefined {
  const { text, signature, sealed } = part
  if (sealed?.dialect === anthropicMessages) {
    return { type: 'redacted_thinking', data: sealed.value }
  }
  if (signature?.dialect !== anthropicMessages) return undefined
  return { type: 'thinking', thinking: text, signature: signature.value }
}

function inputOf(written: string, path: string): Extra {
  const parsed = written.trim() === '' ? {} : parsedJson(written)
  if (isRecord(parsed)) return parsed
  throw invalidRequest(path, `Invalid '${path}': its arguments are not a JSON object.`)
}

function parsedJson(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return undefined
  }
}
