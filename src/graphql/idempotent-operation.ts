import { getOperationAST, Kind, parse, type OperationDefinitionNode } from 'graphql'
import { invalidRequest } from '../errors.ts'
import { idempotencyHeader } from '../idempotency.ts'

const completionRoots: ReadonlySet<string> = new Set([
  'createCompletion',
  'createEmbedding',
  'completion',
])

/**
 * Whether the answer of an operation may be kept for its repetitions: that of completions. Queries change
 * nothing, so that they need it not; other mutations are refused, for nobody would keep their answer.
 */
export function isKeepable(content: unknown): boolean {
  if (Array.isArray(content)) throw refusal('Send one operation, not a list of them.')
  const operation = operationIn(content)
  if (operation === 'invalid' || operation.operation === 'query') return false
  const roots = operation.selectionSet.selections
  const known = roots.every(
    (root) => root.kind === Kind.FIELD && completionRoots.has(root.name.value),
  )
  if (known) return true
  throw refusal('Select nothing but createCompletion, createEmbedding or completion, as fields.')
}

/** An invalid one is left to the engine, which says what is wrong with it. */
function operationIn(content: unknown): OperationDefinitionNode | 'invalid' {
  if (typeof content !== 'object' || content === null) return 'invalid'
  if (!('query' in content) || typeof content.query !== 'string') {
    throw refusal('Send the text of the operation with it.')
  }
  const name = 'operationName' in content ? content.operationName : undefined
  try {
    const document = parse(content.query, { noLocation: true })
    return getOperationAST(document, typeof name === 'string' ? name : undefined) ?? 'invalid'
  } catch {
    return 'invalid'
  }
}

function refusal(what: string) {
  return invalidRequest(idempotencyHeader, `\`Idempotency-Key\` is for completions. ${what}`)
}
