import { Kind, OperationTypeNode, type DocumentNode, type ExecutionResult } from 'graphql'
import { z } from 'zod'
import type { Engine } from './engine.ts'

const operation = z.object({
  query: z.string().max(100_000),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

/** Answers an operation that asks for nothing but the schema; undefined for every other one. */
export async function introspect(
  engine: Engine,
  body: unknown,
): Promise<ExecutionResult | undefined> {
  const { success, data: params } = operation.safeParse(body)
  if (!success) return undefined
  const { parse, validate, execute, schema } = engine.getEnveloped({ params })
  try {
    const document: DocumentNode = parse(params.query)
    if (!asksOnlyForSchema(document)) return undefined
    const errors = validate(schema, document)
    if (errors.length > 0) return { errors }
    const { variables: variableValues, operationName } = params
    return await execute({ schema, document, variableValues, operationName, contextValue: {} })
  } catch {
    return undefined // it cannot be parsed or is over a limit: whoever has a key is told which
  }
}

/** Whether every field at the root of every operation is a meta field. */
function asksOnlyForSchema({ definitions }: DocumentNode): boolean {
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  if (operations.length === 0) return false
  return operations.every(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.operation === OperationTypeNode.QUERY &&
      definition.selectionSet.selections.every(
        (selection) => selection.kind === Kind.FIELD && metaFields.has(selection.name.value),
      ),
  )
}

const metaFields = new Set(['__schema', '__type', '__typename'])
