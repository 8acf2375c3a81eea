import {
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import {
  compileWriter,
  fragmentsOf,
  NotCompiled,
  settled,
  type Selecting,
  type Write,
} from './compiled-selection.ts'
import { compileVariables, type Variables } from './compiled-variables.ts'
import { dependsOnVariables } from './complexity.ts'

/** In the `extensions` of the fields of Mutation that are compiled where they stand alone in an operation. */
export const compiled = { xrouterCompiled: true }

/** How an operation is answered without the executor, as long as nothing of it is out of the ordinary. */
export interface OperationPlan {
  document: DocumentNode
  operationName: string | undefined
  /** What the variables ask for; undefined where they do not fit. */
  prepare(values: Readonly<Record<string, unknown>>): PreparedCall | undefined
}

/** The call of an operation's only root field. */
export interface PreparedCall {
  /** Resolves the field behind everything that stands before it: who may call it, and how often. */
  resolve(context: object): unknown
  /** The `data` with what was resolved; undefined where the executor has to make it. */
  write(value: unknown, context: object): Record<string, unknown> | undefined
}

/** The plan of a valid document whose only operation has nothing but a compiled field; undefined for every other one. */
export function planOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
): OperationPlan | undefined {
  return unlessNotCompiled(() => compileOperation(schema, document))
}

function compileOperation(schema: GraphQLSchema, document: DocumentNode): OperationPlan {
  const operation = onlyMutation(document)
  const root = onlyField(operation)
  const parentType = schema.getMutationType()
  const field = parentType?.getFields()[root.name.value]
  if (!parentType || !field?.resolve || !(field.extensions['xrouterCompiled'] === true)) {
    throw new NotCompiled('another root field')
  }
  // What an operation may cost is said of its document, for all of its calls.
  if (dependsOnVariables(schema, document)) throw new NotCompiled('a cost that differs')
  const variables = compileVariables(schema, operation)
  const given = argumentsOf(root, field, variables)
  const fragments = fragmentsOf(document)
  const key = root.alias?.value ?? root.name.value
  const writerFor = byConditions(document, (conditions) =>
    compileWriter(field.type, [root], { schema, fragments, conditions }),
  )
  const { resolve } = field
  const info = placeOf({ schema, operation, root, field, parentType, fragments })
  return {
    document,
    operationName: operation.name?.value,
    prepare: (values) => {
      const coerced = variables.coerce(values)
      const write = coerced && writerFor(coerced)
      if (!write) return undefined
      const args: Record<string, unknown> = {}
      for (const [name, variable] of given) args[name] = coerced[variable]
      return {
        resolve: (context) => resolve(undefined, args, context, info),
        write: (value, context) => written(write, value, { key, context }),
      }
    },
  }
}

function written(
  write: Write,
  value: unknown,
  { key, context }: { key: string; context: object },
): Record<string, unknown> | undefined {
  try {
    return { [key]: write(settled(value), context) }
  } catch {
    return undefined // the executor makes it over, and says what is wrong with it
  }
}

function onlyMutation({ definitions }: DocumentNode): OperationDefinitionNode {
  const [operation, ...others] = definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  )
  const plain = operation?.operation === OperationTypeNode.MUTATION && others.length === 0
  if (!plain || operation.directives?.length) throw new NotCompiled('another operation')
  return operation
}

function onlyField({ selectionSet }: OperationDefinitionNode): FieldNode {
  const [root, ...others] = selectionSet.selections
  const plain = root?.kind === Kind.FIELD && others.length === 0 && !root.directives?.length
  if (!plain || root.alias?.value === '__proto__') throw new NotCompiled('more than one field')
  return root
}

/** By which variable each argument is given: all of them by one that is always there. */
function argumentsOf(
  root: FieldNode,
  field: GraphQLField<unknown, unknown>,
  variables: Variables,
): [name: string, variable: string][] {
  const given = (root.arguments ?? []).map(({ name, value }): [string, string] => {
    const variable = value.kind === Kind.VARIABLE ? value.name.value : ''
    if (!variables.certain.has(variable)) throw new NotCompiled('an argument that may be absent')
    return [name.value, variable]
  })
  if (given.length < field.args.length) throw new NotCompiled('an argument that is absent')
  return given
}

/** Beyond these the writers of one document would be too many. */
const conditionsMax = 4

/** A writer for what the variables in directives are, made when it is first asked for. */
function byConditions(
  document: DocumentNode,
  compile: (conditions: Selecting['conditions']) => Write,
): (variables: Readonly<Record<string, unknown>>) => Write | undefined {
  const names = conditionsOf(document)
  if (names.length > conditionsMax) throw new NotCompiled('too many conditions')
  const writers = new Map<string, Write | undefined>()
  return (variables) => {
    const key = names.map((name) => variables[name]).join()
    const known = writers.get(key)
    if (known) return known
    const write = unlessNotCompiled(() => compile(variables))
    writers.set(key, write)
    return write
  }
}

/** The variables that directives name. */
function conditionsOf(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive: ({ arguments: given = [] }) => {
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}

/** What a resolver may look at; compiled fields and what stands before them read no variables in it. */
function placeOf(of: {
  schema: GraphQLSchema
  operation: OperationDefinitionNode
  root: FieldNode
  field: GraphQLField<unknown, unknown>
  parentType: GraphQLObjectType
  fragments: Selecting['fragments']
}): GraphQLResolveInfo {
  const { schema, operation, root, field, parentType, fragments } = of
  const key = root.alias?.value ?? root.name.value
  const place: Omit<GraphQLResolveInfo, 'variableValues' | 'getAbortSignal' | 'getAsyncHelpers'> = {
    fieldName: field.name,
    fieldNodes: [root],
    returnType: field.type,
    parentType,
    path: { prev: undefined, key, typename: parentType.name },
    schema,
    fragments: Object.fromEntries(fragments),
    rootValue: undefined,
    operation,
  }
  return place as GraphQLResolveInfo
}

function unlessNotCompiled<T>(compile: () => T): T | undefined {
  try {
    return compile()
  } catch (error) {
    if (error instanceof NotCompiled) return undefined
    throw error
  }
}
