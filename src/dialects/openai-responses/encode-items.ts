import { GatewayError } from '../../errors.ts'
import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { unsupported } from '../openai-chat/encode-support.ts'
import { isRawReasoning, itemMembers, openaiResponses } from './dialect.ts'

/** Whether the extras of a request are of this dialect; those of others are not sent. */
export interface Ownership {
  own: boolean
}

/** The conversation as the items of a request. */
export function encodeItems(messages: readonly Message[], { own }: Ownership): Extra[] {
  const kinds = new Map<string, ToolCall['kind']>()
  return messages.flatMap((message) => {
    for (const { id, kind } of message.toolCalls ?? []) kinds.set(id, kind)
    switch (message.role) {
      case 'assistant':
        return encodeTurn(message, own)
      case 'tool':
        return [encodeOutput(message, kinds, own)]
      default:
        return encodeMessage(message, own)
    }
  })
}

function encodeMessage({ role, parts, extra }: Message, own: boolean): Extra[] {
  const items = parts.filter((part) => part.type === 'native').map(nativeItem)
  const content = parts.filter((part) => part.type !== 'native')
  if (content.length === 0 && items.length > 0) return items
  return [{ ...(own && extra), role, content: inputContent(content, own) }, ...items]
}

/** The output of a call is a string, or a list of what a user may send. */
function encodeOutput(
  { parts, toolCallId, extra }: Message,
  kinds: ReadonlyMap<string, ToolCall['kind']>,
  own: boolean,
): Extra {
  if (toolCallId === undefined) throw unsupported('the result of a call without an id')
  const type =
    kinds.get(toolCallId) === 'custom' ? 'custom_tool_call_output' : 'function_call_output'
  const content = parts.length === 0 ? '' : inputContent(parts, own)
  return { ...(own && extra), type, call_id: toolCallId, output: content }
}

function inputContent(parts: readonly ContentPart[], own: boolean): string | Extra[] {
  const [first, second] = parts
  if (first?.type === 'text' && !second && !(own && first.extra)) return first.text
  return parts.map((part) => encodeInput(part, own))
}

function encodeInput(part: ContentPart, own: boolean): Extra {
  const extra = own ? part.extra : undefined
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { ...extra, type: 'input_text', text: part.text }
    case 'image': {
      const source = 'url' in part ? { image_url: part.url } : { file_id: part.fileId }
      const detail = part.detail ?? (own ? undefined : 'auto')
      return { ...extra, type: 'input_image', ...source, ...(detail !== undefined && { detail }) }
    }
    case 'file': {
      const name = part.name !== undefined && { filename: part.name }
      return { ...extra, type: 'input_file', ...fileSource(part), ...name }
    }
    case 'audio':
      throw unsupported('sound')
    case 'native':
      return nativeItem(part)
    case 'reasoning':
    case 'tool-call':
      throw unsupported(`a part of the kind ${part.type} in this role`)
    default:
      return part satisfies never
  }
}

function fileSource(part: ContentPart & { type: 'file' }): Extra {
  if ('fileId' in part) return { file_id: part.fileId }
  return /^data:/i.test(part.url) ? { file_data: part.url } : { file_url: part.url }
}

/** What the assistant did, item by item; calls without a place come last. */
function encodeTurn(message: Message, own: boolean): Extra[] {
  const items: Item[] = []
  const calls = message.toolCalls ?? []
  const placed = new Set<number>()
  for (const part of message.parts) {
    switch (part.type) {
      case 'reasoning':
        addReasoning(items, part, own)
        break
      case 'tool-call': {
        const call = calls[part.index]
        if (call) items.push({ body: encodeCall(call, own) })
        placed.add(part.index)
        break
      }
      case 'native':
        items.push({ body: nativeItem(part) })
        break
      default:
        addContent(items, part, own)
    }
  }
  for (const [index, call] of calls.entries()) {
    if (!placed.has(index)) items.push({ body: encodeCall(call, own) })
  }
  return items.map(({ body }) => body).filter(isUnderstood)
}

/** Without what is sealed the API would look for reasoning that it was told not to store. */
function isUnderstood(body: Extra): boolean {
  return body['type'] !== 'reasoning' || typeof body['encrypted_content'] === 'string'
}

/** An item to which further parts of the same kind may be added. */
interface Item {
  body: Extra
  open?: { kind: 'message' | 'reasoning'; id: unknown; parts: Extra[] }
}

/** The parts of one item's summary and content have its id in common. */
function addReasoning(
  items: Item[],
  part: ContentPart & { type: 'reasoning' },
  own: boolean,
): void {
  const members = own ? itemMembers(part.extra) : undefined
  const place = isRawReasoning(part.extra) ? 'content' : 'summary'
  const type = place === 'content' ? 'reasoning_text' : 'summary_text'
  const last = items.at(-1)
  const same =
    last?.open?.kind === 'reasoning' && members && last.open.id === members['id'] ? last : undefined
  const item = same ?? newReasoning(items, members)
  if (part.text !== '') {
    const texts = item.body[place]
    item.body[place] = [...(Array.isArray(texts) ? texts : []), { type, text: part.text }]
  }
  if (part.sealed?.dialect === openaiResponses) item.body['encrypted_content'] = part.sealed.value
}

function newReasoning(items: Item[], members: Extra | undefined): Item {
  const body: Extra = { ...members, type: 'reasoning', summary: [] }
  const item: Item = { body, open: { kind: 'reasoning', id: members?.['id'], parts: [] } }
  items.push(item)
  return item
}

function addContent(items: Item[], part: ContentPart, own: boolean): void {
  const members = own ? itemMembers(part.extra) : undefined
  const content = encodeOutputPart(part, own)
  const last = items.at(-1)
  if (last?.open?.kind === 'message' && !members) return void last.open.parts.push(content)
  const parts = [content]
  const id = members?.['id']
  const body = { ...members, type: 'message', role: 'assistant', content: parts }
  items.push({ body, open: { kind: 'message', id, parts } })
}

function encodeOutputPart(part: ContentPart, own: boolean): Extra {
  const { item: _, ...extra }: Extra = (own && part.extra) || {}
  if (part.type === 'text') return { ...extra, type: 'output_text', text: part.text }
  if (part.type === 'refusal') return { ...extra, type: 'refusal', refusal: part.text }
  throw new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `The provider's API cannot express ${part.type} content of the assistant.`,
    failover: true,
  })
}

function encodeCall(call: ToolCall, own: boolean): Extra {
  const { id, kind, name, arguments: written } = call
  const extra = own ? call.extra : undefined
  switch (kind) {
    case 'function':
      return { ...extra, type: 'function_call', call_id: id, name, arguments: written }
    case 'custom':
      return { ...extra, type: 'custom_tool_call', call_id: id, name, input: written }
    case 'function_call':
      throw unsupported('a call without an id')
    default:
      return kind satisfies never
  }
}

function nativeItem(part: ContentPart & { type: 'native' }): Extra {
  if (part.dialect !== openaiResponses) throw unsupported('content of another vendor')
  return part.part
}
