import {
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLNullableInputType,
} from 'graphql'
import { NotCompiled } from './compiled-selection.ts'

/** Makes of a client's JSON what resolvers get, as the executor does; throws where it does not fit, which the executor words. */
export type Coerce = (value: unknown) => unknown

/** The coercion of an input type; throws `NotCompiled` for one that is not understood. */
export function compileInput(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) return required(compileInput(type.ofType))
  const coerce = compilePresent(type)
  return (value) => (value === null ? null : coerce(value))
}

class Unfit extends Error {}

/** Nobody reads where it was thrown. */
const unfit = new Unfit('a value that its type does not take')

function required(coerce: Coerce): Coerce {
  return (value) => {
    if (value === null) throw unfit
    return coerce(value)
  }
}

/** Of values that are not null. */
function compilePresent(type: GraphQLNullableInputType): Coerce {
  if (isListType(type)) {
    const item = compileInput(type.ofType)
    return (value) => (Array.isArray(value) ? value.map(item) : [item(value)])
  }
  if (!isInputObjectType(type)) return leaf(type)
  const known = objects.get(type)
  if (known) return known
  // Types may have members of their own type: found here before they are compiled.
  const coerce = lazy(() => compileObject(type))
  objects.set(type, coerce)
  return coerce
}

const objects = new WeakMap<GraphQLInputObjectType, Coerce>()

function lazy(make: () => Coerce): Coerce {
  let made: Coerce | undefined
  return (value) => (made ??= make())(value)
}

function leaf(type: GraphQLLeafType): Coerce {
  return (value) => {
    const coerced = type.coerceInputValue(value)
    if (coerced === undefined) throw unfit
    return coerced
  }
}

function compileObject(type: GraphQLInputObjectType): Coerce {
  const fields = Object.values(type.getFields())
  if (fields.some((field) => field.default !== undefined || field.defaultValue !== undefined)) {
    throw new NotCompiled(`${type.name} has members with a default`)
  }
  const members = new Map(fields.map((field) => [field.name, compileInput(field.type)]))
  const needed = fields.filter(isRequiredInputField).map(({ name }) => name)
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unfit
    const coerced: Record<string, unknown> = {}
    const given = Object.entries(value)
    for (const [name, member] of given) {
      const coerce = members.get(name)
      if (!coerce) throw unfit
      coerced[name] = coerce(member)
    }
    if (type.isOneOf && (given.length !== 1 || given[0]?.[1] === null)) throw unfit
    for (const name of needed) if (!Object.hasOwn(coerced, name)) throw unfit
    return coerced
  }
}
