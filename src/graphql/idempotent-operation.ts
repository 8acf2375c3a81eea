import { getOperationAST, Kind, parse, type OperationDefinitionNode } from 'graphql'
import { invalidRequest } from '../errors.ts'
import { idempotencyHeader } from '../idempotency.ts'
import {
  resolvePersistedDocument,
  type OperationParams,
  type PersistedDocuments,
} from './persisted-documents.ts'

const completionRoots: ReadonlySet<string> = new Set([
  'createCompletion',
  'createEmbedding',
  'completion',
])

/**
 * Whether the answer of an operation may be kept for its repetitions: that of completions. Queries change
 * nothing, so that they need it not; other mutations are refused, for nobody would keep their answer.
 */
export function isKeepable(persisted: PersistedDocuments | undefined, content: unknown): boolean {
  if (Array.isArray(content)) throw refusal('Send one operation, not a list of them.')
  const operation = operationIn(persisted, content)
  if (operation === 'invalid' || operation.operation === 'query') return false
  const roots = operation.selectionSet.selections
  const known = roots.every(
    (root) => root.kind === Kind.FIELD && completionRoots.has(root.name.value),
  )
  if (known) return true
  throw refusal('Select nothing but createCompletion, createEmbedding or completion, as fields.')
}

/** An invalid one is left to the engine, which says what is wrong with it. */
function operationIn(
  persisted: PersistedDocuments | undefined,
  content: unknown,
): OperationDefinitionNode | 'invalid' {
  if (typeof content !== 'object' || content === null) return 'invalid'
  const name = 'operationName' in content ? content.operationName : undefined
  try {
    const { query }: OperationParams = resolvePersistedDocument(persisted, content)
    const document = parse(String(query), { noLocation: true })
    return getOperationAST(document, typeof name === 'string' ? name : undefined) ?? 'invalid'
  } catch {
    return 'invalid'
  }
}

function refusal(what: string) {
  return invalidRequest(idempotencyHeader, `\`Idempotency-Key\` is for completions. ${what}`)
}
