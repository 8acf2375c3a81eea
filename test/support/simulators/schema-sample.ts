/** A value that fits a JSON schema, always the same: strings are named after their property. */
export function sampleOf(schema: unknown, name = 'value'): unknown {
  const definitions = isObject(schema) ? (schema['$defs'] ?? schema['definitions']) : undefined
  return sample(schema, { name, definitions, depth: 0 })
}

interface Place {
  name: string
  definitions: unknown
  depth: number
}

/** Recursive schemas stop here. */
const depthMax = 8

function sample(schema: unknown, place: Place): unknown {
  if (!isObject(schema) || place.depth > depthMax) return null
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  const deeper = { ...place, depth: place.depth + 1 }
  const target = referenced(schema['$ref'], place.definitions)
  if (target) return sample(target, deeper)
  for (const union of ['anyOf', 'oneOf', 'allOf']) {
    const options = schema[union]
    if (Array.isArray(options)) return sample(options[0], deeper)
  }
  return sampleOfType(schema, deeper)
}

function sampleOfType(schema: Record<string, unknown>, place: Place): unknown {
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  switch (type) {
    case 'string':
      return place.name
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? Math.max(1, schema['minimum']) : 1
    case 'boolean':
      return true
    case 'array':
      return [sample(schema['items'] ?? { type: 'string' }, place)]
    case 'null':
      return null
    default:
      return sampleOfObject(schema['properties'], place)
  }
}

function sampleOfObject(properties: unknown, place: Place): unknown {
  if (!isObject(properties)) return {}
  const members = Object.entries(properties).map(([name, property]) => [
    name,
    sample(property, { ...place, name }),
  ])
  return Object.fromEntries(members)
}

function referenced(reference: unknown, definitions: unknown): unknown {
  if (typeof reference !== 'string' || !isObject(definitions)) return undefined
  return definitions[reference.split('/').at(-1) ?? '']
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
