import {
  isObjectType,
  Kind,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLSchema,
} from 'graphql'
import type { CompletionEventValue } from './completion-event.ts'
import { compileWriter, fragmentsOf, NotCompiled, type Write } from './compiled-selection.ts'

/** The result of one event, or undefined where it has to be executed. */
export type WriteEvent = (
  event: CompletionEventValue,
  context: object,
) => ExecutionResult | undefined

/**
 * How the results of events are written without executing the operation for each: an event says its type,
 * so that the selection alone says what its result is. Undefined for an operation that is not a plain
 * subscription to `completion`.
 */
export function eventWriter(schema: GraphQLSchema, document: DocumentNode): WriteEvent | undefined {
  if (!writers.has(document)) writers.set(document, openWriter(schema, document))
  return writers.get(document)
}

const writers = new WeakMap<DocumentNode, WriteEvent | undefined>()

function openWriter(schema: GraphQLSchema, document: DocumentNode): WriteEvent | undefined {
  const root = plainRoot(document)
  if (!root) return undefined
  const key = root.alias?.value ?? root.name.value
  // Conditions by variables are left to the executor, which has coerced those.
  const selecting = { schema, fragments: fragmentsOf(document), conditions: {} }
  const byType = new Map<string, Write>()
  const compile = (name: string): Write => {
    const type = schema.getType(name)
    if (!isObjectType(type)) throw new NotCompiled(`events of the type ${name}`)
    const write = compileWriter(type, [root], selecting)
    byType.set(name, write)
    return write
  }
  return (event, context) => {
    try {
      const write = byType.get(event.type) ?? compile(event.type)
      return { data: { [key]: write(event, context) } }
    } catch {
      return undefined
    }
  }
}

/** The only field of the only operation, where it is `completion` without a condition. */
function plainRoot({ definitions }: DocumentNode): FieldNode | undefined {
  const [operation, ...others] = definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  )
  const [root, ...further] = operation?.selectionSet.selections ?? []
  if (others.length > 0 || further.length > 0 || root?.kind !== Kind.FIELD) return undefined
  const isPlain = root.name.value === 'completion' && !root.directives?.length
  return isPlain && root.alias?.value !== '__proto__' ? root : undefined
}
