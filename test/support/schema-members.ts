import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql'

/** Anything that a client can name: a type, a field, an argument, an enum value. */
export interface SchemaMember {
  place: string
  description: string | null | undefined
  deprecationReason?: string | null | undefined
}

/** Everything that a schema makes public of its own. */
export function membersOf(schema: GraphQLSchema): SchemaMember[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => [{ place: type.name, description: type.description }, ...partsOf(type)])
}

/** Where something is deprecated without saying what to use and until when it works. */
export function undocumentedDeprecations(schema: GraphQLSchema): string[] {
  return membersOf(schema).flatMap(({ place, deprecationReason: reason }) =>
    typeof reason !== 'string' || form.test(reason) ? [] : [place],
  )
}

const form = /^Use `[^`]+`.* Removed (after \d{4}-\d{2}-\d{2}|in \d+\.\d+)\.$/

function partsOf(type: GraphQLNamedType): SchemaMember[] {
  const at = (name: string) => `${type.name}.${name}`
  if (isEnumType(type))
    return type.getValues().map((value) => ({ ...value, place: at(value.name) }))
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => ({ ...field, place: at(field.name) }))
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => [
    { ...field, place: at(field.name) },
    ...field.args.map((arg) => ({ ...arg, place: `${at(field.name)}(${arg.name})` })),
  ])
}
