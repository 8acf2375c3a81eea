import { z } from 'zod'
import type { Extra, ResponseFormat, Tool, ToolChoice } from '../../protocol/request.ts'
import { isRecord, unread } from '../narrow.ts'
import { check, invalidMember, quoted } from '../openai-chat/check.ts'

/** A tool in this dialect's flat form; those that the provider runs itself are kept as they came. */
export function decodeTool(raw: unknown, path: string): Tool {
  const definition = check(typeSchema, raw, path)
  switch (definition.type) {
    case 'function':
      return decodeFunction(raw, path)
    case 'custom':
      return decodeCustom(raw, path)
    default:
      return { kind: 'native', type: definition.type, definition }
  }
}

/** Which tool must be called; a form with members that we do not read stays as it came. */
export function decodeToolChoice(raw: unknown, path: string): ToolChoice | undefined {
  if (raw == null) return undefined
  if (typeof raw === 'string') {
    const mode = modes.find((word) => word === raw)
    if (mode) return { mode }
    throw invalidMember(path, `${quoted(raw)} is not a choice; use one of ${modes.join(', ')}`)
  }
  const definition = check(typeSchema, raw, path)
  const { type } = definition
  if (type !== 'function' && type !== 'custom') return { mode: 'native', definition }
  const { name } = check(namedSchema, definition, path)
  const plain = unread(definition, new Set(['type', 'name'])) === undefined
  return plain ? { mode: 'tool', kind: type, name } : { mode: 'native', definition }
}

/** The form of the answer: `text.format`. */
export function decodeTextFormat(raw: unknown, path: string): ResponseFormat | undefined {
  if (raw == null) return undefined
  const definition = check(typeSchema, raw, path)
  const { type } = definition
  if (type === 'text' || type === 'json_object') {
    return unread(definition, new Set(['type'])) ? { type: 'native', definition } : { type }
  }
  if (type !== 'json_schema') return { type: 'native', definition }
  const format = check(schemaFormat, definition, path)
  if (unread(format, schemaMembers)) return { type: 'native', definition }
  return {
    type,
    name: format.name,
    ...(format.description != null && { description: format.description }),
    ...(format.schema != null && { schema: format.schema }),
    ...(format.strict != null && { strict: format.strict }),
  }
}

const modes = ['none', 'auto', 'required'] as const

const jsonSchema = z.record(z.string(), z.unknown())
const typeSchema = z.looseObject({ type: z.string().min(1) })
const namedSchema = z.looseObject({ name: z.string().min(1) })
const functionSchema = z.looseObject({
  type: z.string(),
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: jsonSchema.nullish(),
  strict: z.boolean().nullish(),
})
const customSchema = z.looseObject({
  type: z.string(),
  name: z.string().min(1),
  description: z.string().nullish(),
  format: z.looseObject({ type: z.string() }).nullish(),
})
const schemaFormat = z.looseObject({
  type: z.string(),
  name: z.string().min(1),
  description: z.string().nullish(),
  schema: jsonSchema.nullish(),
  strict: z.boolean().nullish(),
})

const functionMembers = new Set(Object.keys(functionSchema.shape))
const customMembers = new Set(Object.keys(customSchema.shape))
const schemaMembers = new Set(Object.keys(schemaFormat.shape))

function decodeFunction(raw: unknown, path: string): Tool {
  const tool = check(functionSchema, raw, path)
  const { name, description, parameters, strict } = tool
  const extra = unread(tool, functionMembers)
  return {
    kind: 'function',
    name,
    ...(description != null && { description }),
    ...(parameters != null && { parameters }),
    ...(strict != null && { strict }),
    ...(extra && { extra }),
  }
}

function decodeCustom(raw: unknown, path: string): Tool {
  const tool = check(customSchema, raw, path)
  const { name, description, format } = tool
  const extra = unread(tool, customMembers)
  return {
    kind: 'custom',
    name,
    ...(description != null && { description }),
    ...(format != null && { format: nestedGrammar(format) }),
    ...(extra && { extra }),
  }
}

/** In chat completions a grammar stands in an object of its own. */
function nestedGrammar(format: Extra): Extra {
  if (format['type'] !== 'grammar' || isRecord(format['grammar'])) return format
  const { type, ...grammar } = format
  return { type, grammar }
}
