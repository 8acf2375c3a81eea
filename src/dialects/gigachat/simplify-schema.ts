import type { Extra } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { unsupported } from './unsupported.ts'

/**
 * JSON Schema as GigaChat's functions take it: without references and unions, one type everywhere.
 * `said` tells whether something could only be said in a description.
 */
export function simplifySchema(schema: unknown, path: string): { schema: Extra; said: boolean } {
  const work: Work = { root: schema, path, nodes: 0, said: false }
  const simple = simplify(work, { type: 'object', ...Object(schema) }, [])
  return { schema: simple, said: work.said }
}

interface Work {
  root: unknown
  path: string
  nodes: number
  said: boolean
}

/** References may multiply a small schema without end. */
const nodesMax = 1_000

const formats: ReadonlySet<unknown> = new Set(['date', 'date-time', 'time'])
/** What is put in its place, or says nothing to a model. */
const silent: ReadonlySet<string> = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  '$defs',
  'definitions',
  '$schema',
  '$id',
  '$comment',
])
const inexpressible: ReadonlySet<string> = new Set([
  'not',
  'if',
  'then',
  'else',
  'prefixItems',
  'patternProperties',
  'dependentSchemas',
  'dependentRequired',
])

function simplify(work: Work, schema: unknown, trail: readonly string[]): Extra {
  const simple = simplifyLoose(work, schema, trail)
  simple['type'] ??= 'properties' in simple ? 'object' : 'items' in simple ? 'array' : 'string'
  if (simple['type'] === 'object') simple['properties'] ??= {}
  if (simple['type'] === 'array') simple['items'] ??= { type: 'string' }
  return simple
}

/** Without a type where none is said: another part of the same schema may say it. */
function simplifyLoose(work: Work, schema: unknown, trail: readonly string[]): Extra {
  work.nodes += 1
  if (work.nodes > nodesMax) throw unsupported(work.path, 'the schema is too large')
  if (!isRecord(schema)) return {}
  const { $ref: reference, ...rest } = schema
  if (typeof reference !== 'string') return simplifyPlain(work, schema, trail)
  const target = trail.includes(reference) ? undefined : lookUp(work.root, reference)
  if (isRecord(target)) return simplifyLoose(work, { ...target, ...rest }, [...trail, reference])
  return noted(work, simplifyPlain(work, { type: 'object', ...rest }, trail), { $ref: reference })
}

function simplifyPlain(work: Work, schema: Extra, trail: readonly string[]): Extra {
  const own: Extra = {}
  const unsaid: Extra = {}
  for (const [key, value] of Object.entries(schema)) {
    if (inexpressible.has(key)) unsaid[key] = value
    else if (!silent.has(key)) own[key] = value
  }
  simplifyValues(own, unsaid)
  simplifyMembers(work, { own, unsaid }, trail)
  const parts = listOf(schema['allOf'])
  for (const union of ['anyOf', 'oneOf']) {
    const options = listOf(schema[union]).filter((option) => !isNull(option))
    if (options.length > 1) unsaid[union] = options
    parts.push(...options.slice(0, 1))
  }
  const simple = parts.map((part) => simplifyLoose(work, part, trail)).reduce(merge, own)
  return noted(work, simple, unsaid)
}

/** Puts type, enum, const and format of a schema into the one allowed form. */
function simplifyValues(own: Extra, unsaid: Extra): void {
  const { type, format, const: only, enum: values } = own
  if (Array.isArray(type)) {
    const types: unknown[] = type.filter((word) => word !== 'null')
    if (types.length > 1) unsaid['type'] = type
    own['type'] = types[0] ?? 'string'
  }
  const choice = only === undefined ? values : [only]
  if (Array.isArray(choice)) {
    const some: unknown[] = choice.filter((value) => value !== null)
    const words = some.every((value) => typeof value === 'string')
    if (!words) unsaid[only === undefined ? 'enum' : 'const'] = only ?? values
    own['type'] ??= typeOf(some[0])
    delete own['const']
    delete own['enum']
    if (words && some.length > 0) own['enum'] = some
  }
  if (format !== undefined && !formats.has(format)) {
    unsaid['format'] = format
    delete own['format']
  }
}

function simplifyMembers(
  work: Work,
  { own, unsaid }: { own: Extra; unsaid: Extra },
  trail: readonly string[],
): void {
  const { properties, items, additionalProperties: more } = own
  if (properties !== undefined) {
    const members = Object.entries(isRecord(properties) ? properties : {})
    own['properties'] = Object.fromEntries(
      members.map(([name, member]) => [name, simplify(work, member, trail)]),
    )
  }
  if (items !== undefined) {
    if (Array.isArray(items) && items.length > 1) unsaid['items'] = items
    own['items'] = simplify(work, Array.isArray(items) ? items[0] : items, trail)
  }
  if (isRecord(more)) own['additionalProperties'] = simplify(work, more, trail)
}

/** What the service's schemas cannot say, the model reads in the description. */
function noted(work: Work, schema: Extra, unsaid: Extra): Extra {
  if (Object.keys(unsaid).length === 0) return schema
  work.said = true
  const { description } = schema
  const before = typeof description === 'string' ? `${description} ` : ''
  return { ...schema, description: `${before}[JSON Schema: ${JSON.stringify(unsaid)}]` }
}

/** The first says what both say, but for the members and the requirements, which add up. */
function merge(first: Extra, second: Extra): Extra {
  const required = new Set([...listOf(first['required']), ...listOf(second['required'])])
  const members = [second['properties'], first['properties']].filter(isRecord)
  const told = [first['description'], second['description']].filter(
    (text) => typeof text === 'string',
  )
  return {
    ...second,
    ...first,
    ...(told.length > 0 && { description: told.join(' ') }),
    ...(members.length > 0 && { properties: Object.assign({}, ...members) }),
    ...(required.size > 0 && { required: [...required] }),
  }
}

function lookUp(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((place, key) => {
      const member = unescaped(key).replaceAll('~1', '/').replaceAll('~0', '~')
      const nested = (isRecord(place) || Array.isArray(place)) && Object.hasOwn(place, member)
      return nested ? Reflect.get(place, member) : undefined
    }, root)
}

function unescaped(key: string): string {
  return /%(?![0-9a-f]{2})/i.test(key) ? key : decodeURI(key)
}

function isNull(schema: unknown): boolean {
  return isRecord(schema) && (schema['type'] === 'null' || schema['const'] === null)
}

function typeOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'boolean' ? 'boolean' : 'string'
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
