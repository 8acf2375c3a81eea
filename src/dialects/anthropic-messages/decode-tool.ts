import { z } from 'zod'
import type { Extra, Tool, ToolChoice } from '../../protocol/request.ts'
import { isRecord, unread } from '../narrow.ts'
import { check, invalidMember } from '../openai-chat/check.ts'
import { decodeCache } from './wire.ts'

/** A tool that the client runs, or one that the provider runs itself, which is kept as it came. */
export function decodeTool(raw: unknown, path: string): Tool {
  const { type } = check(typeSchema, raw, path)
  if (type != null && type !== 'custom') {
    return { kind: 'native', type, definition: check(definitionSchema, raw, path) }
  }
  const tool = check(toolSchema, raw, path)
  const cache = decodeCache(tool.cache_control)
  const kept = cache
    ? readMembers
    : new Set([...readMembers].filter((name) => name !== 'cache_control'))
  const extra: Extra = { ...unread(tool, kept), ...(type != null && { type }) }
  return {
    kind: 'function',
    name: tool.name,
    ...(tool.description != null && { description: tool.description }),
    parameters: tool.input_schema,
    ...(tool.strict != null && { strict: tool.strict }),
    ...(cache && { cache }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

export interface DecodedChoice {
  choice: ToolChoice | undefined
  /** Whether several calls in one turn are allowed, where the client says. */
  parallel: boolean | undefined
}

/** Which tool must be called; a form with members that are not read here stays as it came. */
export function decodeToolChoice(raw: unknown, path: string): DecodedChoice {
  if (raw === undefined || raw === null) return { choice: undefined, parallel: undefined }
  const definition = check(choiceSchema, raw, path)
  const { type, name, disable_parallel_tool_use: disabled, ...others } = definition
  const parallel = disabled == null ? undefined : !disabled
  if (Object.keys(others).length > 0) {
    return { choice: { mode: 'native', definition }, parallel: undefined }
  }
  if (type !== 'tool') return { choice: { mode: modes[type] }, parallel }
  if (name == null) throw invalidMember(`${path}.name`, 'it must name the tool')
  return { choice: { mode: 'tool', kind: 'function', name }, parallel }
}

const modes = { auto: 'auto', any: 'required', none: 'none' } as const

const typeSchema = z.looseObject({ type: z.string().nullish() })
/** As it came: a copy would lose a member named `__proto__`. */
const definitionSchema = z.custom<Extra>(isRecord, 'expected an object')
const toolSchema = z.looseObject({
  type: z.string().nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: definitionSchema,
  strict: z.boolean().nullish(),
  cache_control: z.unknown().optional(),
})
const choiceSchema = z.looseObject({
  type: z.enum(['auto', 'any', 'tool', 'none']),
  name: z.string().min(1).nullish(),
  disable_parallel_tool_use: z.boolean().nullish(),
})

const readMembers: ReadonlySet<string> = new Set(Object.keys(toolSchema.shape))
