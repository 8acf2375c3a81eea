import {
  Kind,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/**
 * Makes the result of a value as the executor completes it. Throws where that is not a plain matter: where
 * something fails or is null that must not be, or takes time. The executor then says what it is.
 */
export type Write = (value: unknown, context: object) => unknown

/** What a selection is read with. */
export interface Selecting {
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Of the variables that directives name. */
  conditions: Readonly<Record<string, unknown>>
}

/** The writer of what `fields`, of one response key, select of a type; throws `NotCompiled` where it is not understood. */
export function compileWriter(
  type: GraphQLOutputType,
  fields: readonly FieldNode[],
  selecting: Selecting,
): Write {
  if (isNonNullType(type)) return required(compileWriter(type.ofType, fields, selecting))
  if (isListType(type)) return listOf(compileWriter(type.ofType, fields, selecting))
  if (isLeafType(type)) return leaf(type)
  const selected = fields.flatMap(({ selectionSet }) => selectionSet ?? [])
  if (isAbstractType(type)) return oneOf(type, selected, selecting)
  return compileObject(type, selected, selecting)
}

/** Said while compiling: the executor does such operations. */
export class NotCompiled extends Error {}

/** Said while writing: the executor does this one. */
class NotWritten extends Error {}

export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition)
    }
  }
  return fragments
}

function required(write: Write): Write {
  return (value, context) => {
    const written = write(value, context)
    if (written === null) throw new NotWritten('null where there must be something')
    return written
  }
}

function listOf(write: Write): Write {
  return (values, context) => {
    if (values === null || values === undefined) return null
    if (!Array.isArray(values)) throw new NotWritten('a list that is no array')
    return values.map((value) => write(settled(value), context))
  }
}

function leaf(type: GraphQLLeafType): Write {
  return (value) => {
    if (value === null || value === undefined) return null
    const written = type.coerceOutputValue(value)
    if (written === null || written === undefined) throw new NotWritten('nothing in JSON')
    return written
  }
}

/** Each of its types is compiled when the first value of it comes. */
function oneOf(
  type: GraphQLAbstractType,
  selected: readonly SelectionSetNode[],
  selecting: Selecting,
): Write {
  const { resolveType } = type
  if (!resolveType) throw new NotCompiled(`the type of a ${type.name} is guessed`)
  const writers = new Map<string, Write>()
  for (const possible of selecting.schema.getPossibleTypes(type)) {
    writers.set(
      possible.name,
      lazy(() => compileObject(possible, selected, selecting)),
    )
  }
  return (value, context) => {
    if (value === null || value === undefined) return null
    const name = resolveType(value, context, noInfo, type)
    const write = typeof name === 'string' ? writers.get(name) : undefined
    if (!write) throw new NotWritten('a value of no known type')
    return write(value, context)
  }
}

function lazy(make: () => Write): Write {
  let made: Write | undefined
  return (value, context) => (made ??= make())(value, context)
}

interface Member {
  key: string
  read: (source: object, context: object) => unknown
  write: Write
}

function compileObject(
  type: GraphQLObjectType,
  selected: readonly SelectionSetNode[],
  selecting: Selecting,
): Write {
  if (type.isTypeOf) throw new NotCompiled(`values of ${type.name} are asked for their type`)
  const fields = collect(type, selected, selecting)
  const members = [...fields].map(([key, nodes]) => memberOf(type, nodes, { key, selecting }))
  return (value, context) => {
    if (value === null || value === undefined) return null
    const source = Object(value)
    const result: Record<string, unknown> = {}
    for (const { key, read, write } of members) {
      result[key] = write(settled(read(source, context)), context)
    }
    return result
  }
}

function memberOf(
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  { key, selecting }: { key: string; selecting: Selecting },
): Member {
  const name = nodes[0]?.name.value ?? ''
  if (name === '__typename') return { key, read: () => type.name, write: (value) => value }
  const field = type.getFields()[name]
  if (!field || field.args.length > 0) throw new NotCompiled(`${type.name}.${name}`)
  return { key, read: readerOf(field), write: compileWriter(field.type, nodes, selecting) }
}

function readerOf({ name, resolve }: GraphQLField<unknown, unknown>): Member['read'] {
  if (resolve) return (source, context) => resolve(source, noArguments, context, noInfo)
  return (source) => {
    const value: unknown = Reflect.get(source, name)
    if (typeof value === 'function') throw new NotWritten('a value that is to be called')
    return value
  }
}

/** A value that is there, and no failure. */
export function settled(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) throw value
  if ('then' in value && typeof value.then === 'function') {
    void Promise.resolve(value).catch(() => {}) // the executor asks for it again
    throw new NotWritten('a value that takes time')
  }
  return value
}

/** The fields of each response key, in the order of the result. */
function collect(
  type: GraphQLObjectType,
  selected: readonly SelectionSetNode[],
  { schema, fragments, conditions }: Selecting,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  const seen = new Set<FragmentDefinitionNode>()
  const add = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (!isIncluded(selection, conditions)) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        if (key === '__proto__') throw new NotCompiled('a member that objects have already')
        const nodes = fields.get(key)
        if (nodes) nodes.push(selection)
        else fields.set(key, [selection])
        continue
      }
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
      if (!inner) throw new NotCompiled('a fragment that is not there')
      if (inner.kind === Kind.FRAGMENT_DEFINITION) {
        if (seen.has(inner)) continue
        seen.add(inner)
      }
      if (matches(inner.typeCondition?.name.value, type, schema)) add(inner.selectionSet)
    }
  }
  for (const selectionSet of selected) add(selectionSet)
  return fields
}

function matches(
  condition: string | undefined,
  type: GraphQLObjectType,
  schema: GraphQLSchema,
): boolean {
  if (condition === undefined || condition === type.name) return true
  const wider = schema.getType(condition)
  return isAbstractType(wider) && schema.isSubType(wider, type)
}

function isIncluded(
  { directives = [] }: SelectionNode,
  conditions: Selecting['conditions'],
): boolean {
  return directives.every(({ name, arguments: given = [] }) => {
    const value = given.find((argument) => argument.name.value === 'if')?.value
    const met =
      value?.kind === Kind.BOOLEAN
        ? value.value
        : value?.kind === Kind.VARIABLE
          ? conditions[value.name.value]
          : undefined
    if (typeof met !== 'boolean') throw new NotCompiled('a condition that is not known')
    if (name.value === 'skip') return !met
    if (name.value === 'include') return met
    throw new NotCompiled(`the directive @${name.value}`)
  })
}

const noArguments = Object.freeze({})

/** Resolvers of plain members look at nothing of it; one that does is left to the executor. */
const noInfo = unread(() => {
  throw new NotWritten('a value that depends on its place')
})

function unread(get: () => never): GraphQLResolveInfo {
  return new Proxy({}, { get }) as GraphQLResolveInfo
}
