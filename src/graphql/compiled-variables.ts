import {
  isInputType,
  isLeafType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql'
import { compileInput, type Coerce } from './compiled-input.ts'
import { NotCompiled } from './compiled-selection.ts'

/** The variables of an operation. */
export interface Variables {
  /** Those that are always there and not null. */
  certain: ReadonlySet<string>
  /** What resolvers get of them; undefined where they do not fit, which the executor words. */
  coerce(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined
}

/** Throws `NotCompiled` where a variable is of a type or has a default that is not understood. */
export function compileVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): Variables {
  const variables = variableDefinitions.map((definition) => compileVariable(schema, definition))
  const certain = variables.filter(({ isCertain }) => isCertain).map(({ name }) => name)
  return {
    certain: new Set(certain),
    coerce: (values) => {
      const coerced: Record<string, unknown> = {}
      try {
        for (const { name, coerce, isCertain, fallback } of variables) {
          if (Object.hasOwn(values, name)) coerced[name] = coerce(values[name])
          else if (isCertain) return undefined
          else if (fallback !== undefined) coerced[name] = fallback
        }
      } catch {
        return undefined
      }
      return coerced
    },
  }
}

interface Variable {
  name: string
  coerce: Coerce
  isCertain: boolean
  /** What it is where it is not given. */
  fallback: unknown
}

function compileVariable(
  schema: GraphQLSchema,
  { variable, type: node, defaultValue, directives }: VariableDefinitionNode,
): Variable {
  const name = variable.name.value
  const type = typeFromAST(schema, node)
  if (!isInputType(type) || name === '__proto__' || directives?.length) {
    throw new NotCompiled(`$${name}`)
  }
  const inner = isNonNullType(type) ? type.ofType : type
  // Of anything larger all calls would share one value.
  if (defaultValue && !isLeafType(inner)) throw new NotCompiled(`the default of $${name}`)
  return {
    name,
    coerce: compileInput(type),
    isCertain: isNonNullType(type) && !defaultValue,
    fallback: defaultValue && valueFromAST(defaultValue, type),
  }
}
