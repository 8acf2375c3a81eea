import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { encodeCacheMark } from './cache-mark.ts'
import { inner, unsupported } from './encode-support.ts'

/** What of a request may be sent. */
export interface Ownership {
  /** Whether its extras are of this dialect; those of others are not sent. */
  own: boolean
  /** Whether the upstream knows marks for the prompt cache. */
  cacheMarks?: boolean | undefined
}

/** One turn for an upstream. */
export function encodeMessage(message: Message, ownership: Ownership): Record<string, unknown> {
  const { own } = ownership
  const extra = own ? message.extra : undefined
  const encoded: Record<string, unknown> = {
    ...extra,
    role: wireRole(message),
    content: encodeContent(message, ownership),
  }
  if (message.name !== undefined) encoded['name'] = message.name
  if (message.toolCallId !== undefined) encoded['tool_call_id'] = message.toolCallId
  if (message.toolCalls) addCalls(encoded, message.toolCalls, own)
  const reasoning = reasoningOf(message)
  // A client that spelt it `reasoning` has it among the extras already.
  if (reasoning !== undefined && extra?.['reasoning'] !== reasoning) {
    encoded['reasoning_content'] = reasoning
  }
  return encoded
}

/** A call in the form in which both requests and whole answers carry it. */
export function encodeToolCall(call: ToolCall, { own }: Ownership): Record<string, unknown> {
  const extra = own ? call.extra : undefined
  if (call.kind === 'custom') {
    const custom = { ...inner(extra, 'custom'), name: call.name, input: call.arguments }
    return { ...extra, id: call.id, type: 'custom', custom }
  }
  const named = { ...inner(extra, 'function'), name: call.name, arguments: call.arguments }
  return { ...extra, id: call.id, type: 'function', function: named }
}

/** OpenAI's deprecated single call. */
export function encodeFunctionCall(call: ToolCall, { own }: Ownership): Record<string, unknown> {
  return { ...(own && call.extra), name: call.name, arguments: call.arguments }
}

/** An answer to the deprecated `function_call` has no call to refer to, only a function's name. */
function wireRole(message: Message): string {
  const deprecated = message.role === 'tool' && message.toolCallId === undefined
  return deprecated ? 'function' : message.role
}

function addCalls(encoded: Record<string, unknown>, calls: ToolCall[], own: boolean): void {
  const listed = calls.filter((call) => call.kind !== 'function_call')
  const deprecated = calls.find((call) => call.kind === 'function_call')
  if (listed.length > 0) encoded['tool_calls'] = listed.map((call) => encodeToolCall(call, { own }))
  if (deprecated) encoded['function_call'] = encodeFunctionCall(deprecated, { own })
}

function reasoningOf({ parts }: Message): string | undefined {
  const thoughts = parts.filter((part) => part.type === 'reasoning')
  return thoughts.length === 0 ? undefined : thoughts.map(({ text }) => text).join('')
}

function encodeContent(message: Message, ownership: Ownership): unknown {
  const parts = message.parts.filter(isContent)
  const [first, second] = parts
  if (!first) return message.role === 'assistant' ? null : emptyContent(message)
  if (!second && first.type === 'text' && isPlain(first, ownership)) return first.text
  return parts.map((part) => {
    const mark = ownership.cacheMarks && part.cache
    const encoded = encodePart(part, ownership.own)
    return mark ? { ...encoded, cache_control: encodeCacheMark(mark) } : encoded
  })
}

function isPlain({ extra, cache }: ContentPart, { own, cacheMarks }: Ownership): boolean {
  return !(own && extra) && !(cacheMarks && cache)
}

/** Reasoning and calls are members of the message, whatever their place among its parts was. */
function isContent(part: ContentPart): part is SentPart {
  return part.type !== 'reasoning' && part.type !== 'tool-call'
}

type SentPart = Exclude<ContentPart, { type: 'reasoning' | 'tool-call' }>

function emptyContent(message: Message): string | null {
  return wireRole(message) === 'function' ? null : ''
}

function encodePart(part: SentPart, own: boolean): Record<string, unknown> {
  const extra: Extra | undefined = own ? part.extra : undefined
  switch (part.type) {
    case 'text':
      return { ...extra, type: 'text', text: part.text }
    case 'refusal':
      return { ...extra, type: 'refusal', refusal: part.text }
    case 'native':
      throw unsupported('content of one vendor')
    case 'image': {
      const source = 'fileId' in part ? { file_id: part.fileId } : { url: part.url }
      const image: Extra = { ...inner(extra, 'image_url'), ...source }
      if (part.detail !== undefined) image['detail'] = part.detail
      return { ...extra, type: 'image_url', image_url: image }
    }
    case 'audio': {
      const audio = { ...inner(extra, 'input_audio'), data: part.data, format: part.format }
      return { ...extra, type: 'input_audio', input_audio: audio }
    }
    case 'file': {
      const source = 'fileId' in part ? { file_id: part.fileId } : { file_data: part.url }
      const file: Extra = { ...inner(extra, 'file'), ...source }
      if (part.name !== undefined) file['filename'] = part.name
      return { ...extra, type: 'file', file }
    }
    default:
      return part satisfies never
  }
}
