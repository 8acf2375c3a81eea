import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import type { Logger } from 'pino'
import { createContext, type Caller, type ContextDeps } from './context.ts'
import type { Engine } from './engine.ts'
import { publicError } from './masking.ts'
import { resolvePersistedDocument, type PersistedDocuments } from './persisted-documents.ts'
import { subscribeSplit, type Deliver } from './split-events.ts'

export interface OperationDeps extends ContextDeps {
  logger: Logger
  protection: { persisted: PersistedDocuments | undefined }
}

/** The operations of WebSockets: checked when they arrive, run when graphql-ws asks for their results. */
export interface Operations {
  /** Parses and checks an operation; `deliver` sends those results of it that need nothing more done to them. */
  prepare(
    caller: Caller,
    payload: SubscribePayload,
    deliver: Deliver,
  ): ExecutionArgs | readonly GraphQLError[]
  /** The results of a prepared operation, one or many; `return()` cancels it at once, a mutation too. */
  run(kind: Kind, args: ExecutionArgs): AsyncGenerator<ExecutionResult>
}

type Kind = 'execute' | 'subscribe'

interface Operation {
  start: (kind: Kind) => Promise<AsyncIterable<ExecutionResult> | ExecutionResult>
  cancel: () => void
}

export function createOperations(engine: Engine, deps: OperationDeps): Operations {
  const operations = new WeakMap<ExecutionArgs, Operation>()
  return {
    prepare: (caller, sent, deliver) => {
      const payload = resolvePersistedDocument(deps.protection.persisted, sent)
      const controller = new AbortController()
      const requestId = deps.newRequestId()
      const context = createContext(deps, { ...caller, requestId, signal: controller.signal })
      const enveloped = engine.getEnveloped({ ...context, params: payload })
      const document: DocumentNode = enveloped.parse(payload.query)
      const errors = enveloped.validate(enveloped.schema, document)
      if (errors.length > 0) return errors
      const { operationName, variables: variableValues } = payload
      const args = { schema: enveloped.schema, document, operationName, variableValues }
      const start = async (kind: Kind) => {
        try {
          const whole = { ...args, contextValue: await enveloped.contextFactory() }
          if (kind === 'execute') return await enveloped.execute(whole)
          return await subscribeSplit(whole, { subscribe: enveloped.subscribe, deliver })
        } catch (error) {
          throw publicError(error, { requestId, logger: deps.logger })
        }
      }
      operations.set(args, { start, cancel: () => controller.abort() })
      return args
    },
    run: (kind, args) => {
      const operation = operations.get(args)
      if (!operation) throw new Error('an operation runs that was never subscribed to')
      return resultsOf(operation, kind)
    },
  }
}

/** Each result passes here, so that this is no generator around another one. */
function resultsOf({ start, cancel }: Operation, kind: Kind): AsyncGenerator<ExecutionResult> {
  let results: AsyncIterator<ExecutionResult> | undefined
  let left = false
  async function first(): Promise<IteratorResult<ExecutionResult>> {
    const result = await start(kind)
    results = Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : only(result)
    if (left) await results.return?.()
    return left ? { done: true, value: undefined } : results.next()
  }
  return {
    next: () => results?.next() ?? first(),
    return: async (value) => {
      left = true
      cancel()
      await results?.return?.()
      return { done: true, value: await value }
    },
    async throw(error) {
      await this.return(undefined)
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined)
    },
  }
}

async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result
}
