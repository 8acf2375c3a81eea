import type { ExecutionResult, GraphQLSchema } from 'graphql'
import type { Plugin, YogaServerInstance } from 'graphql-yoga'
import type { GraphqlContext } from './context.ts'
import { documentCache } from './document-cache.ts'
import { planOperation, type OperationPlan, type PreparedCall } from './operation-plan.ts'
import { resolvePersistedDocument, type PersistedDocuments } from './persisted-documents.ts'
import { replayingSchema } from './replay.ts'

/**
 * Answers of operations that the engine has run before and that are compiled. What its plugins say of a
 * document is remembered by that: the limits and policies, which look at nothing else of such an operation.
 * What they do for each request is left: a POST of JSON passes the prevention of CSRF, mutations are not
 * kept as reads are, and failures go through the engine's executor with its masking.
 */
export interface PlannedAnswers {
  /** Notes the operations that run. */
  plugin: Plugin<GraphqlContext>
  /** What a POST asks for; undefined where Yoga has to answer, for nothing has run yet. */
  find(content: unknown): PlannedCall | undefined
  run(engine: Enveloped, call: PlannedCall, context: GraphqlContext): Promise<ExecutionResult>
}

export interface PlannedCall extends PreparedCall {
  plan: OperationPlan
  params: Params
}

type Enveloped = Pick<YogaServerInstance<GraphqlContext, object>, 'getEnveloped'>

interface Params {
  query: string
  variables?: Readonly<Record<string, unknown>> | null | undefined
  operationName?: string | null | undefined
}

export function createPlannedAnswers(
  schema: GraphQLSchema,
  persisted: PersistedDocuments | undefined,
): PlannedAnswers {
  const plans = documentCache<OperationPlan | typeof noPlan>()
  const replaying = replayingSchema(schema)
  return {
    plugin: {
      onExecute: ({ args: { document, contextValue } }) => {
        const query = queryIn(contextValue)
        if (typeof query === 'string' && !plans.has(query)) {
          plans.set(query, planOperation(schema, document) ?? noPlan)
        }
      },
    },
    find: (content) => {
      const params = paramsOf(content, persisted)
      const plan = params && plans.get(params.query)
      if (!plan || !('document' in plan)) return undefined
      const { operationName, variables } = params
      if (operationName != null && operationName !== plan.operationName) return undefined
      const prepared = plan.prepare(variables ?? {})
      return prepared && { ...prepared, plan, params }
    },
    run: async (engine, call, context) => {
      let outcome: () => unknown
      try {
        const value = await call.resolve(context)
        const data = call.write(value, context)
        if (data) return { data }
        outcome = () => value
      } catch (error) {
        outcome = () => {
          throw error
        }
      }
      return replay(engine, { replaying, call, outcome, context })
    },
  }
}

/** Known to be left to Yoga, so that nobody looks again. */
const noPlan = {}

/** The executor makes the result of what was resolved, with its errors in their places and masked. */
async function replay(
  engine: Enveloped,
  {
    replaying: schema,
    call: { plan, params },
    outcome: rootValue,
    context,
  }: {
    replaying: GraphQLSchema
    call: PlannedCall
    outcome: () => unknown
    context: GraphqlContext
  },
): Promise<ExecutionResult> {
  const { execute, contextFactory } = engine.getEnveloped(Object.assign(context, { params }))
  const { document, operationName } = plan
  const { variables: variableValues } = params
  const contextValue = await contextFactory()
  return execute({ schema, document, operationName, variableValues, rootValue, contextValue })
}

/** The parameters of a request whose members Yoga takes as well. */
function paramsOf(content: unknown, persisted: PersistedDocuments | undefined): Params | undefined {
  if (!isObject(content)) return undefined
  const params = resolved(content, persisted)
  if (!params) return undefined
  for (const name in params) if (!members.has(name) && params[name] != null) return undefined
  const { query, variables, operationName, extensions } = params
  if (typeof query !== 'string' || !isObjectOrAbsent(extensions)) return undefined
  if (!isObjectOrAbsent(variables)) return undefined
  if (operationName != null && typeof operationName !== 'string') return undefined
  return { query, variables, operationName }
}

const members: ReadonlySet<string> = new Set(['query', 'variables', 'operationName', 'extensions'])

/** With the text in the place of its id; undefined for one that is refused, which Yoga says. */
function resolved(
  content: Record<string, unknown>,
  persisted: PersistedDocuments | undefined,
): Record<string, unknown> | undefined {
  try {
    return resolvePersistedDocument(persisted, content)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isObjectOrAbsent(value: unknown): value is Record<string, unknown> | null | undefined {
  return value === undefined || value === null || isObject(value)
}

/** Every transport gives `getEnveloped` the parameters of the operation. */
function queryIn(context: unknown): unknown {
  const { params } = context as { params?: { query?: unknown } }
  return params?.query
}
