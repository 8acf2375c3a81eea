import { z } from 'zod'
import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { toolFlawWords } from '../../protocol/tool-flaw.ts'
import { isRecord, unread } from '../narrow.ts'
import { check, invalidMember } from '../openai-chat/check.ts'
import { type Block, blocksOf, decodePart, decodeParts, type PlacedBlock } from './decode-part.ts'
import { decodeSignature } from './tunnel.ts'
import { decodeCache } from './wire.ts'

/** The turns of a conversation; results of tools are messages of their own. */
export function decodeMessages(raw: readonly unknown[]): Message[] {
  const called = new Set<string>()
  return raw.flatMap((turn, index) => {
    const path = `messages[${index}]`
    const { role, content } = check(turnSchema, turn, path)
    const blocks = blocksOf(content, `${path}.content`)
    if (role === 'assistant') return [decodeAssistant(blocks, called)]
    if (role === 'system') return [{ role, parts: decodeParts(content, `${path}.content`) }]
    return decodeUser(blocks, called)
  })
}

/** As it came: a copy would lose a member named `__proto__`. */
const object = z.custom<Extra>(isRecord, 'expected an object')

const turnSchema = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.unknown(),
})
const callSchema = z.looseObject({
  id: z.string().min(1),
  name: z.string().min(1),
  input: object,
  signature: z.string().nullish(),
})
const resultSchema = z.looseObject({
  tool_use_id: z.string().min(1),
  content: z.unknown().optional(),
  is_error: z.boolean().nullish(),
})

const callMembers: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input', 'signature'])
const resultMembers: ReadonlySet<string> = new Set([
  'type',
  'tool_use_id',
  'content',
  'is_error',
  'cache_control',
])

/** `called` holds the ids of the calls that were made so far. */
function decodeUser(blocks: readonly PlacedBlock[], called: ReadonlySet<string>): Message[] {
  const messages: Message[] = []
  let said: Message | undefined
  for (const { block, path } of blocks) {
    if (block.type === 'tool_result') {
      const result = decodeResult(block, path)
      if (!called.has(result.toolCallId ?? '')) {
        throw invalidMember(`${path}.tool_use_id`, toolFlawWords['result-without-call'])
      }
      messages.push(result)
      said = undefined
      continue
    }
    if (!said) messages.push((said = { role: 'user', parts: [] }))
    said.parts.push(decodePart(block, path))
  }
  return messages.length > 0 ? messages : [{ role: 'user', parts: [] }]
}

/** The mark of a result stands on its last part, or among its extras where it has none. */
function decodeResult(block: Block, path: string): Message {
  const result = check(resultSchema, block, path)
  const { content } = result
  const parts = content == null || content === '' ? [] : decodeParts(content, `${path}.content`)
  const mark = decodeCache(block['cache_control'])
  const last = parts.at(-1)
  const isMarked = mark !== undefined && last !== undefined
  if (isMarked) parts[parts.length - 1] = { ...last, cache: mark }
  const kept = isMarked || block['cache_control'] == null
  const extra: Extra = {
    ...unread(block, resultMembers),
    ...(!kept && { cache_control: block['cache_control'] }),
  }
  return {
    role: 'tool',
    toolCallId: result.tool_use_id,
    parts,
    ...(result.is_error != null && { isError: result.is_error }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

function decodeAssistant(blocks: readonly PlacedBlock[], called: Set<string>): Message {
  const parts: ContentPart[] = []
  const toolCalls: ToolCall[] = []
  for (const { block, path } of blocks) {
    if (block.type === 'tool_use') {
      parts.push({ type: 'tool-call', index: toolCalls.length })
      const call = decodeCall(block, path)
      called.add(call.id)
      toolCalls.push(call)
    } else parts.push(decodePart(block, path))
  }
  return { role: 'assistant', parts, ...(toolCalls.length > 0 && { toolCalls }) }
}

function decodeCall(block: Block, path: string): ToolCall {
  const { id, name, input, signature } = check(callSchema, block, path)
  const extra = unread(block, callMembers)
  return {
    id,
    kind: 'function',
    name,
    arguments: JSON.stringify(input),
    ...(signature != null && { signature: decodeSignature(signature) }),
    ...(extra && { extra }),
  }
}
