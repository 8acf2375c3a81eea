import {
  Kind,
  type DocumentNode,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { CompletionEventValue } from './completion-event.ts'

type TextEvent = Extract<CompletionEventValue, { choice: number; text: string }>

/** The result of one event, or undefined where it has to be executed. */
export type WriteDelta = (event: CompletionEventValue) => ExecutionResult | undefined

/**
 * How the results of text events are written without executing the operation for each: their fields are
 * plain members, so that the selection alone says what a result is. Undefined for an operation that is not
 * a plain subscription to `completion`.
 */
export function deltaWriter(document: DocumentNode): WriteDelta | undefined {
  if (!writers.has(document)) writers.set(document, openWriter(document))
  return writers.get(document)
}

const writers = new WeakMap<DocumentNode, WriteDelta | undefined>()

const readers: Readonly<Record<string, (event: TextEvent) => unknown>> = {
  __typename: (event) => event.type,
  completionId: (event) => event.completionId,
  sequence: (event) => event.sequence,
  choice: (event) => event.choice,
  text: (event) => event.text,
}

function openWriter(document: DocumentNode): WriteDelta | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition)
    }
  }
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  const [operation] = operations
  if (operations.length > 1 || operation?.kind !== Kind.OPERATION_DEFINITION) return undefined
  const [root, ...others] = operation.selectionSet.selections
  const plain = root?.kind === Kind.FIELD && root.name.value === 'completion'
  if (!plain || others.length > 0 || root.directives?.length || !root.selectionSet) return undefined
  const key = root.alias?.value ?? 'completion'
  const { selectionSet } = root
  const members = {
    TextDelta: membersOf('TextDelta', selectionSet, fragments),
    ReasoningDelta: membersOf('ReasoningDelta', selectionSet, fragments),
    RefusalDelta: membersOf('RefusalDelta', selectionSet, fragments),
  }
  return (event) => {
    if (!isTextEvent(event)) return undefined
    const selected = members[event.type]
    return selected && { data: { [key]: written(selected, event) } }
  }
}

/** A number that is no `Int` of GraphQL is an error, which the executor makes. */
function isTextEvent(event: CompletionEventValue): event is TextEvent {
  return 'text' in event && (event.choice | 0) === event.choice
}

type Members = [key: string, read: (event: TextEvent) => unknown][]

function written(members: Members, event: TextEvent): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [key, read] of members) result[key] = read(event)
  return result
}

/** What is selected of a type, in the order of the result; undefined where a directive or something unknown is there. */
function membersOf(
  type: TextEvent['type'],
  selected: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Members | undefined {
  const members = new Map<string, (event: TextEvent) => unknown>()
  const add = ({ selections }: SelectionSetNode): boolean =>
    selections.every((selection) => {
      if (selection.directives?.length) return false
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value
        const read = Object.hasOwn(readers, name) ? readers[name] : undefined
        const key = selection.alias?.value ?? name
        if (read && key !== '__proto__' && !members.has(key)) members.set(key, read)
        return read !== undefined && key !== '__proto__'
      }
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
      if (!inner || (inner !== selection && inner.directives?.length)) return false
      const condition = inner.typeCondition?.name.value ?? type
      return condition !== type && condition !== 'CompletionEvent' ? true : add(inner.selectionSet)
    })
  return add(selected) ? [...members] : undefined
}
