import { z } from 'zod'
import type { ToolCall } from '../../protocol/request.ts'
import { check, invalidMember, quoted } from './check.ts'
import { unread, unreadNested } from '../narrow.ts'

/** A call that an assistant turn of the history makes. */
export function decodeToolCall(raw: unknown, path: string): ToolCall {
  const { type } = check(typeSchema, raw, path)
  if (type == null || type === 'function') {
    const call = check(functionSchema, raw, path)
    const { name, arguments: written } = call.function
    const extra = unreadNested(call, 'function', functionMembers)
    return { id: call.id, kind: 'function', name, arguments: written, ...(extra && { extra }) }
  }
  if (type === 'custom') {
    const call = check(customSchema, raw, path)
    const { name, input } = call.custom
    const extra = unreadNested(call, 'custom', customMembers)
    return { id: call.id, kind: 'custom', name, arguments: input, ...(extra && { extra }) }
  }
  throw invalidMember(
    `${path}.type`,
    `${quoted(type)} is not a kind of tool call; use function or custom`,
  )
}

/** OpenAI's deprecated single call. */
export function decodeFunctionCall(raw: unknown, path: string): ToolCall {
  const call = check(namedCallSchema, raw, path)
  const { name, arguments: written } = call
  const extra = unread(call, functionMembers.inner)
  return { id: '', kind: 'function_call', name, arguments: written, ...(extra && { extra }) }
}

const namedCallSchema = z.looseObject({ name: z.string().min(1), arguments: z.string() })
const typeSchema = z.looseObject({ type: z.string().nullish() })
const functionSchema = z.looseObject({ id: z.string().min(1), function: namedCallSchema })
const customSchema = z.looseObject({
  id: z.string().min(1),
  custom: z.looseObject({ name: z.string().min(1), input: z.string() }),
})

const functionMembers = {
  outer: new Set(['id', 'type', 'function']),
  inner: new Set(['name', 'arguments']),
}
const customMembers = {
  outer: new Set(['id', 'type', 'custom']),
  inner: new Set(['name', 'input']),
}
