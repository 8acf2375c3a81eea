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
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) return []
    return [{ place: type.name, description: type.description }, ...partsOf(type)]
  })
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
  const member = (place: string, { description, deprecationReason }: Described): SchemaMember => ({
    place,
    description,
    deprecationReason,
  })
  if (isEnumType(type)) return type.getValues().map((value) => member(at(value.name), value))
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => member(at(field.name), field))
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => [
    member(at(field.name), field),
    ...field.args.map((arg) => member(`${at(field.name)}(${arg.name})`, arg)),
  ])
}

type Described = Pick<SchemaMember, 'description' | 'deprecationReason'>
