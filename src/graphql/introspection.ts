import { graphql, Kind, OperationTypeNode, parse, type ExecutionResult } from 'graphql'
import { z } from 'zod'
import { schema } from './schema.ts'

const operation = z.object({
  query: z.string().max(100_000),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

/** Answers an operation that asks for nothing but the schema; undefined for every other one. */
export async function introspect(body: unknown): Promise<ExecutionResult | undefined> {
  const { success, data } = operation.safeParse(body)
  if (!success || !asksOnlyForSchema(data.query)) return undefined
  return graphql({
    schema,
    source: data.query,
    variableValues: data.variables,
    operationName: data.operationName,
  })
}

/** Whether every field at the root of every operation is a meta field. */
function asksOnlyForSchema(query: string): boolean {
  const document = parsed(query)
  const operations = document?.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  if (!operations || operations.length === 0) return false
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

function parsed(query: string) {
  try {
    return parse(query, { maxTokens: 5000 })
  } catch {
    return undefined
  }
}
