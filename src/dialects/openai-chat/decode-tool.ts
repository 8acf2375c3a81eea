import { z } from 'zod'
import type { ResponseFormat, Tool, ToolChoice } from '../../protocol/request.ts'
import { check, invalidMember, quoted } from './check.ts'
import { unreadNested } from '../narrow.ts'
import { takeCacheMark } from './cache-mark.ts'

/** A tool that the model may call; kinds that OpenAI does not define are kept as they came. */
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
  const { name } = check(namedSchema, definition[type], `${path}.${type}`)
  const plain = onlyMembers(definition, ['type', type]) && onlyMembers(definition[type], ['name'])
  return plain ? { mode: 'tool', kind: type, name } : { mode: 'native', definition }
}

/** The form of the answer; a form with members that we do not read stays as it came. */
export function decodeResponseFormat(raw: unknown, path: string): ResponseFormat | undefined {
  if (raw == null) return undefined
  const definition = check(typeSchema, raw, path)
  const { type } = definition
  if ((type === 'text' || type === 'json_object') && onlyMembers(definition, ['type'])) {
    return { type }
  }
  if (type !== 'json_schema') return { type: 'native', definition }
  const format = check(jsonSchemaSchema, definition['json_schema'], `${path}.json_schema`)
  const plain =
    onlyMembers(definition, ['type', 'json_schema']) &&
    onlyMembers(format, ['name', 'description', 'schema', 'strict'])
  if (!plain) return { type: 'native', definition }
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
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: jsonSchema.nullish(),
    strict: z.boolean().nullish(),
  }),
})
const customSchema = z.looseObject({
  custom: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    format: z.looseObject({ type: z.string() }).nullish(),
  }),
})
const jsonSchemaSchema = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  schema: jsonSchema.nullish(),
  strict: z.boolean().nullish(),
})

const functionMembers = {
  outer: new Set(['type', 'function']),
  inner: new Set(['name', 'description', 'parameters', 'strict']),
}
const customMembers = {
  outer: new Set(['type', 'custom']),
  inner: new Set(['name', 'description', 'format']),
}

function decodeFunction(raw: unknown, path: string): Tool {
  const tool = check(functionSchema, raw, path)
  const { name, description, parameters, strict } = tool.function
  const { cache, extra } = takeCacheMark(unreadNested(tool, 'function', functionMembers))
  return {
    kind: 'function',
    name,
    ...(description != null && { description }),
    ...(parameters != null && { parameters }),
    ...(strict != null && { strict }),
    ...(cache && { cache }),
    ...(extra && { extra }),
  }
}

function decodeCustom(raw: unknown, path: string): Tool {
  const tool = check(customSchema, raw, path)
  const { name, description, format } = tool.custom
  const extra = unreadNested(tool, 'custom', customMembers)
  return {
    kind: 'custom',
    name,
    ...(description != null && { description }),
    ...(format != null && { format }),
    ...(extra && { extra }),
  }
}

function onlyMembers(object: unknown, names: readonly string[]): boolean {
  return Object.keys(object ?? {}).every((key) => names.includes(key))
}
