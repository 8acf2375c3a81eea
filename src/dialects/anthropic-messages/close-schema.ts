import { isRecord } from '../narrow.ts'

/** A schema in which no object may have members that it does not name, and whether that had to be said. */
export function closeSchema(schema: unknown): { schema: unknown; changed: boolean } {
  const work = { changed: false }
  return { schema: closed(schema, work), changed: work.changed }
}

function closed(schema: unknown, work: { changed: boolean }): unknown {
  if (Array.isArray(schema)) return schema.map((each: unknown) => closed(each, work))
  if (!isRecord(schema)) return schema
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) out[key] = closedMember(key, value, work)
  const isObject = schema['type'] === 'object' || isRecord(schema['properties'])
  if (isObject && schema['additionalProperties'] !== false) {
    work.changed = true
    out['additionalProperties'] = false
  }
  return out
}

const lists: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'oneOf', 'prefixItems', 'items'])
const tables: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions'])

/** Names of properties are no keywords, and constants no schemas. */
function closedMember(key: string, value: unknown, work: { changed: boolean }): unknown {
  if (lists.has(key)) return closed(value, work)
  if (!tables.has(key) || !isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, closed(each, work)]))
}
