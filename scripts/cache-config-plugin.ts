import {
  introspectionFromSchema,
  isAbstractType,
  isNonNullType,
  isObjectType,
  type GraphQLSchema,
  type IntrospectionType,
} from 'graphql'

/** What a normalising cache has to know of the schema: abstract types, types without an id, and how the rest is built. */
export function plugin(schema: GraphQLSchema): string {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))
  const possibleTypes = types
    .filter((type) => isAbstractType(type))
    .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)] as const)
  const typesWithoutId = types
    .filter((type) => isObjectType(type))
    .filter((type) => !isRoot(schema, type.name) && !isNonNullType(type.getFields()['id']?.type))
    .map(({ name }) => name)
  return [
    exported('possibleTypes', Object.fromEntries(possibleTypes)),
    exported('typesWithoutId', typesWithoutId),
    `${exported('introspection', outline(schema)).trim()} as const\n`,
  ].join('\n')
}

function isRoot(schema: GraphQLSchema, name: string): boolean {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  return roots.some((root) => root?.name === name)
}

/** The introspection without what no cache looks at: descriptions, inputs, scalars and enums. */
function outline(schema: GraphQLSchema): object {
  const { __schema } = introspectionFromSchema(schema, { descriptions: false })
  const { queryType, mutationType, subscriptionType, types } = __schema
  const kept = types.filter(({ name }) => !name.startsWith('__')).flatMap(outlineOfType)
  return { __schema: { queryType, mutationType, subscriptionType, types: kept } }
}

function outlineOfType(type: IntrospectionType): object[] {
  const { kind, name } = type
  switch (type.kind) {
    case 'UNION':
      return [{ kind, name, possibleTypes: type.possibleTypes }]
    case 'OBJECT':
    case 'INTERFACE': {
      const fields = type.fields.map((field) => ({ name: field.name, type: field.type, args: [] }))
      return [{ kind, name, interfaces: type.interfaces, fields }]
    }
    default:
      return []
  }
}

function exported(name: string, value: object): string {
  return `export const ${name} = ${JSON.stringify(value)}\n`
}
