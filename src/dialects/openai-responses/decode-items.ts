import { z } from 'zod'
import { GatewayError } from '../../errors.ts'
import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { hasBrokenArguments, toolFlawWords } from '../../protocol/tool-flaw.ts'
import { unread } from '../narrow.ts'
import { check, invalidMember, quoted } from '../openai-chat/check.ts'
import { decodeContent } from './decode-content.ts'
import { decodeReasoning } from './decode-reasoning.ts'
import { openaiResponses } from './dialect.ts'
import { assistantTurn, type Turns } from './turns.ts'

/** Adds one item to the conversation; a problem is thrown as a 400 that names the member at fault. */
export function decodeItem(turns: Turns, raw: unknown, path: string): void {
  const item = check(itemSchema, raw, path)
  switch (item.type ?? 'message') {
    case 'message':
      return decodeMessage(turns, raw, path)
    case 'function_call':
    case 'custom_tool_call':
      return decodeCall(turns, raw, path)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return decodeOutput(turns, raw, path)
    case 'reasoning':
      return decodeReasoning(turns, raw, path)
    case 'item_reference':
      return decodeReference(turns, raw, path)
    default:
      if (!isKnown(String(item.type))) {
        throw invalidMember(`${path}.type`, `${quoted(String(item.type))} is not a kind of item`)
      }
      return decodeNative(turns, item)
  }
}

/** Items of tools that the provider runs have names in common, and those of other vendors a colon. */
function isKnown(type: string): boolean {
  return kinds.has(type) || /^[a-z_]+_(call|output|request|response|tools)$|:/.test(type)
}

const kinds: ReadonlySet<string> = new Set([
  'compaction',
  'compaction_trigger',
  'configuration_update',
  'program',
])

const itemSchema = z.looseObject({ type: z.string().nullish(), role: z.string().nullish() })
const messageSchema = z.looseObject({ role: z.string(), content: z.unknown() })
const callSchema = z.looseObject({
  type: z.string(),
  call_id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string().optional(),
  input: z.string().optional(),
})
const outputSchema = z.looseObject({ call_id: z.string().min(1), output: z.unknown() })
const referenceSchema = z.looseObject({ id: z.string().min(1) })

const messageMembers: ReadonlySet<string> = new Set(['type', 'role', 'content'])
const callMembers: ReadonlySet<string> = new Set(Object.keys(callSchema.shape))
const outputMembers: ReadonlySet<string> = new Set(['type', 'call_id', 'output'])

const roles = ['user', 'assistant', 'system', 'developer'] as const

function decodeMessage(turns: Turns, raw: unknown, path: string): void {
  const message = check(messageSchema, raw, path)
  const role = roles.find((word) => word === message.role)
  if (!role) {
    throw invalidMember(
      `${path}.role`,
      `${quoted(message.role)} is not a role; use one of ${roles.join(', ')}`,
    )
  }
  const parts = decodeContent(message.content, `${path}.content`)
  const extra = unread(message, messageMembers)
  if (role === 'assistant') return addToTurn(assistantTurn(turns), parts, extra)
  turns.messages.push({ role, parts, ...(extra && { extra }) })
}

/** The item's own members stand on its first part; without any they mark only where an item ends and the next begins. */
function addToTurn(turn: Message, parts: readonly ContentPart[], extra: Extra | undefined): void {
  const before = turn.parts.at(-1)?.type
  const item = extra ?? (before === 'text' || before === 'refusal' ? {} : undefined)
  for (const [index, part] of parts.entries()) {
    turn.parts.push(index === 0 && item ? { ...part, extra: { ...part.extra, item } } : part)
  }
}

function decodeCall(turns: Turns, raw: unknown, path: string): void {
  const item = check(callSchema, raw, path)
  const kind = item.type === 'custom_tool_call' ? 'custom' : 'function'
  const member = kind === 'custom' ? 'input' : 'arguments'
  const written = item[member]
  if (written === undefined) throw invalidMember(`${path}.${member}`, 'expected a string')
  const extra = unread(item, callMembers)
  const signature = turns.signatures.get(item.call_id)
  const call: ToolCall = {
    id: item.call_id,
    kind,
    name: item.name,
    arguments: written,
    ...(signature && { signature }),
    ...(extra && { extra }),
  }
  if (hasBrokenArguments(call)) {
    throw invalidMember(`${path}.arguments`, toolFlawWords['broken-arguments'])
  }
  turns.calls.set(call.id, kind)
  const turn = assistantTurn(turns)
  turn.toolCalls ??= []
  turn.parts.push({ type: 'tool-call', index: turn.toolCalls.length })
  turn.toolCalls.push(call)
}

function decodeOutput(turns: Turns, raw: unknown, path: string): void {
  const item = check(outputSchema, raw, path)
  if (!turns.calls.has(item.call_id)) {
    throw invalidMember(
      `${path}.call_id`,
      `no call ${quoted(item.call_id)} stands before it; send the call's item too, or previous_response_id`,
    )
  }
  const extra = unread(item, outputMembers)
  turns.messages.push({
    role: 'tool',
    parts: decodeContent(item.output, `${path}.output`),
    toolCallId: item.call_id,
    ...(extra && { extra }),
  })
}

function decodeReference(turns: Turns, raw: unknown, path: string): void {
  const { id } = check(referenceSchema, raw, path)
  const item = turns.itemOf(id)
  if (item !== undefined) return decodeItem(turns, item, path)
  throw new GatewayError({
    code: 'NOT_FOUND',
    message: `Item with id ${quoted(id)} not found. Send the item itself: only those of stored responses can be referred to.`,
    path: `${path}.id`,
  })
}

/** What the provider's own tools do and say is the assistant's turn; what a client answers to them is not. */
function decodeNative(turns: Turns, item: Extra): void {
  const part: ContentPart = { type: 'native', dialect: openaiResponses, part: item }
  if (!isAnswer(String(item['type']))) assistantTurn(turns).parts.push(part)
  else turns.messages.push({ role: 'user', parts: [part] })
}

function isAnswer(type: string): boolean {
  return clientItems.has(type)
}

const clientItems: ReadonlySet<string> = new Set([
  'computer_call_output',
  'local_shell_call_output',
  'shell_call_output',
  'apply_patch_call_output',
  'mcp_approval_response',
  'additional_tools',
])
