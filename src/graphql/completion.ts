import { GatewayError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import { createCollector } from '../protocol/collect.ts'
import { builder } from './builder.ts'
import { modelCallComplexity } from './field-complexity.ts'
import { compiled } from './operation-plan.ts'
import { Completion, completionValue, type CompletionValue } from './completion-answer.ts'
import { CompletionEvent, completionEvents } from './completion-event.ts'
import { CompletionInput } from './completion-input.ts'
import { openCompletion } from './completion-request.ts'
import type { GraphqlContext } from './context.ts'
import { CompletionError, completionError, type CompletionErrorValue } from './error.ts'

const CompletionResult = builder.unionType('CompletionResult', {
  description: 'A completion, or why there is none.',
  types: [Completion, CompletionError],
  resolveType: (value) => (value.kind === 'completion' ? Completion : CompletionError),
})

// Both roots are open to every actor: the gateway checks the scope INFERENCE, so that a missing
// one is answered in the typed way, as CompletionError or CompletionFailed.
builder.mutationField('createCompletion', (t) =>
  t.field({
    type: CompletionResult,
    authScopes: { anyActor: true },
    description: 'Makes a completion and answers when it is whole.',
    complexity: { field: modelCallComplexity },
    extensions: compiled,
    args: { input: t.arg({ type: CompletionInput, required: true, description: 'What to make.' }) },
    resolve: (_root, { input }, context) => createCompletion(context, input),
  }),
)

builder.subscriptionField('completion', (t) =>
  t.field({
    type: CompletionEvent,
    authScopes: { anyActor: true },
    description: 'Makes a completion and sends it while it is made.',
    complexity: { field: modelCallComplexity },
    args: { input: t.arg({ type: CompletionInput, required: true, description: 'What to make.' }) },
    subscribe: (_root, { input }, context) => {
      const events = abortable([context.signal], (signal) =>
        completionEvents(context, input, signal),
      )
      return context.split?.take(events) ?? events
    },
    resolve: (event) => event,
  }),
)

async function createCompletion(
  context: GraphqlContext,
  input: unknown,
): Promise<CompletionValue | CompletionErrorValue> {
  const requestId = context.nextRequestId()
  const { signal } = context
  const createdAt = new Date()
  const collector = createCollector()
  let result: CompletionValue | CompletionErrorValue | undefined
  try {
    const options = { requestId, stream: false, signal }
    for await (const events of openCompletion(context, input, options)) {
      for (const event of events) {
        if (event.type === 'error') {
          result = completionError(event.error, requestId, event.settlement)
        } else if (event.type === 'end') {
          result = completionValue(collector.response(), event.settlement, createdAt)
        } else collector.add(event)
      }
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    result = completionError(error, requestId)
  }
  return result ?? completionError(cancelled(), requestId)
}

/** Nobody reads this: the stream ends without a terminal event only when the client has left. */
function cancelled(): GatewayError {
  return new GatewayError({ code: 'CANCELLED', message: 'The client left before the end.' })
}
