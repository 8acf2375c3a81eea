import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth'
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives'
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens'
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention'
import { NoSchemaIntrospectionCustomRule, GraphQLError, validate } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { useComplexityLimit } from './complexity.ts'
import { usePersistedDocuments, type PersistedDocuments } from './persisted-documents.ts'
import { asInvalidRequest, invalidOperation } from './invalid-operation.ts'

/** What an operation may be; each one is a setting of `[graphql]`. */
export interface OperationLimits {
  maxDepth: number
  maxAliases: number
  maxTokens: number
  maxDirectives: number
  maxComplexity: number
  /** Operations in one HTTP request. */
  batchLimit: number
}

export interface Protection extends OperationLimits {
  /** Whether the schema may be read at all. */
  introspection: boolean
  /** Whether the message about an unknown name says which known ones are like it. */
  suggestions: boolean
  /** Absent where clients send the documents themselves. */
  persisted: PersistedDocuments | undefined
}

/** What stands between a client and the execution, the same for HTTP, WebSocket and whatever asks `getEnveloped`. */
export function protectionPlugins(protection: Protection): Plugin[] {
  const { maxDepth, maxAliases, maxTokens, maxDirectives, maxComplexity } = protection
  const plugins: Plugin[] = [
    useCSRFPrevention({ requestHeaders: preflightedHeaders }),
    useReadableParams(),
    usePersistedDocuments(protection.persisted),
    maxTokensPlugin({ n: maxTokens, onReject: refusal('max_tokens') }),
    maxDepthPlugin({ n: maxDepth, flattenFragments: true, onReject: refusal('max_depth') }),
    maxAliasesPlugin({ n: maxAliases, onReject: refusal('max_aliases') }),
    maxDirectivesPlugin({ n: maxDirectives, onReject: refusal('max_directives') }),
    useComplexityLimit(maxComplexity),
    useKnownCodes(),
  ]
  if (!protection.introspection) plugins.push(useNoIntrospection())
  if (!protection.suggestions) plugins.push(useNoSuggestions())
  return plugins
}

/** A browser asks for permission before it sends one of these to another site. */
const preflightedHeaders = ['authorization', 'apollo-require-preflight', 'x-graphql-yoga-csrf']

/** Says the limit, what was found and the setting, and ends the validation there and then. */
function refusal(setting: string) {
  return [
    (_context: unknown, { message }: GraphQLError): never => {
      const text = message.replace(/^Syntax Error: /, '').replace(/\.$/, '')
      throw invalidOperation(`${text} (graphql.${setting}).`)
    },
  ]
}

/** Errors of an invalid operation get one of our codes. */
function useKnownCodes(): Plugin {
  return {
    onValidate: () => (validation) => {
      for (const error of validation.result) {
        if (error instanceof GraphQLError) asInvalidRequest(error)
      }
    },
  }
}

/** Yoga reads the JSON in the URL of a GET without expecting that it is none. */
function useReadableParams(): Plugin {
  return {
    onRequestParse: ({ requestParser: read, setRequestParser }) => {
      if (!read) return
      setRequestParser(async (request) => {
        try {
          return await read(request)
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
          throw new GraphQLError('`variables` and `extensions` in the URL must be JSON.', {
            extensions: { code: 'INVALID_REQUEST', http: { status: 400 } },
          })
        }
      })
    },
  }
}

function useNoIntrospection(): Plugin {
  return {
    onValidate: ({ addValidationRule }) => addValidationRule(NoSchemaIntrospectionCustomRule),
  }
}

/** Names of the schema are in messages about operations and about variables. */
function useNoSuggestions(): Plugin {
  const hideSuggestions = true
  return {
    onValidate: ({ setValidationFn }) =>
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { hideSuggestions }),
      ),
    onExecute: ({ args }) => void Object.assign(args, { hideSuggestions }),
    onSubscribe: ({ args }) => void Object.assign(args, { hideSuggestions }),
  }
}
