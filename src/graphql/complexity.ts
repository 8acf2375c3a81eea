import { complexityFromQuery } from '@pothos/plugin-complexity'
import {
  BREAK,
  getOperationAST,
  GraphQLError,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { invalidOperation } from './invalid-operation.ts'

/** What is known of an operation before it runs. */
export interface CostOptions {
  operationName?: string | null | undefined
  variables?: Record<string, unknown> | null | undefined
}

/** What the operation costs by the declarations of its fields; 0 for one that cannot run at all. */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables }: CostOptions,
): number {
  const operation = getOperationAST(document, operationName)
  if (!operation) return 0
  const known = costs.get(operation)
  if (known !== undefined) return known
  if (dependsOnVariables(schema, document)) {
    return costOf(schema, document, { operation, variables: variables ?? {} })
  }
  const withoutVariables = { ...operation, variableDefinitions: [] }
  const cost = costOf(schema, document, { operation: withoutVariables, variables: {} })
  costs.set(operation, cost)
  return cost
}

/** Refuses operations that cost more than `max`, in every transport, before anything of them runs. */
export function useComplexityLimit(max: number): Plugin {
  return {
    // It throws instead of adding to the result: that is kept for the document, whatever its variables.
    onValidate:
      ({ params: { schema, documentAST } }) =>
      ({ valid, context }) => {
        if (!valid) return
        const cost = operationCost(schema, documentAST, optionsOf(context))
        if (cost <= max) return
        throw invalidOperation(
          `Complexity limit of ${max} exceeded, found ${cost} (graphql.max_complexity).`,
        )
      },
  }
}

/** Costs that no variable changes: nearly all, and a document is kept while it is used. */
const costs = new WeakMap<OperationDefinitionNode, number>()

function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  {
    operation,
    variables,
  }: { operation: OperationDefinitionNode; variables: Record<string, unknown> },
): number {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  const query = { ...document, definitions: [operation, ...fragments] }
  try {
    return complexityFromQuery(query, { schema, variables }).complexity
  } catch (error) {
    // Variables that do not fit: the execution says so better, and runs nothing.
    if (error instanceof GraphQLError) return 0
    throw error
  }
}

/** Whether a variable is an argument of a field whose cost is computed from its arguments. */
export function dependsOnVariables(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema)
  let depends = false
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: ({ arguments: given = [] }) => {
        const isComputed = typeof types.getFieldDef()?.extensions['complexity'] === 'function'
        depends = isComputed && given.some(hasVariable)
        return depends ? BREAK : undefined
      },
    }),
  )
  return depends
}

function hasVariable(node: ASTNode): boolean {
  let found = false
  visit(node, {
    Variable: () => {
      found = true
      return BREAK
    },
  })
  return found
}

/** Every transport gives `getEnveloped` the parameters of the operation; without them a cost means nothing. */
function optionsOf(context: unknown): CostOptions {
  const { params } = context as { params?: CostOptions }
  if (!params) throw new Error('an operation is validated without its parameters')
  return params
}
