import { z } from 'zod'
import type { ContentPart, Message, MessageRole, ToolCall } from '../../protocol/request.ts'
import { invalidMember, objectCheck, quoted } from './check.ts'
import { decodePart } from './decode-part.ts'
import { decodeFunctionCall, decodeToolCall } from './decode-tool-call.ts'
import { unread } from '../narrow.ts'
import { ownPartsSchema, restoreParts } from './own-parts.ts'

/** One turn as a client sends it. */
export function decodeMessage(raw: unknown, path: string): Message {
  const message = messageCheck.check(raw, path)
  const role = roles.get(message.role)
  if (!role) {
    throw invalidMember(
      `${path}.role`,
      `${quoted(message.role)} is not a role; use one of ${[...roles.keys()].join(', ')}`,
    )
  }
  checkPlaces(message, path)
  const decoded: Message = { role, parts: decodeContent(message, path) }
  const calls = decodeCalls(message, path)
  const extra = unread(message, readMembers)
  if (message.name != null) decoded.name = message.name
  if (calls.length > 0) decoded.toolCalls = calls
  if (message.tool_call_id != null) decoded.toolCallId = message.tool_call_id
  if (message.is_error === true) decoded.isError = true
  const reasoning = message.reasoning_content ?? reasoningOf(message)
  if (reasoning !== undefined) decoded.parts.unshift({ type: 'reasoning', text: reasoning })
  if (extra) decoded.extra = extra
  if (message.xrouter != null) restoreParts(decoded, message.xrouter)
  return decoded
}

const messageCheck = objectCheck({
  role: z.string(),
  content: z.unknown().optional(),
  name: z.string().nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
  function_call: z.unknown().optional(),
  tool_call_id: z.string().min(1).nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  is_error: z.boolean().nullish(),
  xrouter: ownPartsSchema.nullish(),
})

type WireMessage = ReturnType<typeof messageCheck.check>

const readMembers: ReadonlySet<string> = messageCheck.names

const roles: ReadonlyMap<string, MessageRole> = new Map([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
])

const assistantMembers = [
  'tool_calls',
  'function_call',
  'refusal',
  'reasoning_content',
  'xrouter',
] as const

/** A member in a role that does not know it would be lost on the way to other dialects. */
function checkPlaces(message: WireMessage, path: string): void {
  for (const member of assistantMembers) {
    if (message.role !== 'assistant' && message[member] != null) {
      throw invalidMember(`${path}.${member}`, 'only an assistant message may have it')
    }
  }
  for (const member of ['tool_call_id', 'is_error'] as const) {
    if (message.role !== 'tool' && message[member] != null) {
      throw invalidMember(`${path}.${member}`, 'only a tool message may have it')
    }
  }
  if (message.role === 'tool' && message.tool_call_id == null) {
    throw invalidMember(`${path}.tool_call_id`, 'a tool message must name the call that it answers')
  }
  if (message.role === 'function' && message.name == null) {
    throw invalidMember(`${path}.name`, 'a function message must name its function')
  }
}

function decodeContent(message: WireMessage, path: string): ContentPart[] {
  const parts = contentParts(message, `${path}.content`)
  if (message.refusal != null) parts.push({ type: 'refusal', text: message.refusal })
  return parts
}

function contentParts(message: WireMessage, path: string): ContentPart[] {
  const { content, role } = message
  const mayBeEmpty = role === 'assistant' || role === 'function'
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (content == null && mayBeEmpty) return []
  if (!Array.isArray(content)) {
    throw invalidMember(path, 'expected a string or an array of content parts')
  }
  if (content.length === 0 && !mayBeEmpty) {
    throw invalidMember(path, 'expected at least one content part')
  }
  return content.map((part: unknown, index) => decodePart(part, `${path}[${index}]`))
}

function decodeCalls(message: WireMessage, path: string): ToolCall[] {
  const calls = (message.tool_calls ?? []).map((call, index) =>
    decodeToolCall(call, `${path}.tool_calls[${index}]`),
  )
  if (message.function_call != null) {
    calls.push(decodeFunctionCall(message.function_call, `${path}.function_call`))
  }
  return calls
}

/** Some servers spell it `reasoning`; it stays among the extras too, so that it goes back as it came. */
function reasoningOf(message: WireMessage): string | undefined {
  const { reasoning, role } = message
  return role === 'assistant' && typeof reasoning === 'string' ? reasoning : undefined
}
