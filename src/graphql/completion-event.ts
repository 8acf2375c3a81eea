import { GatewayError } from '../errors.ts'
import { createCollector } from '../protocol/collect.ts'
import { isContent, type ChatEvent, type Origin } from '../protocol/event.ts'
import { Attempt, attemptOfRecord, type AttemptValue } from './attempt.ts'
import { builder } from './builder.ts'
import { CacheStatus, type CacheStatusValue } from './cache-status.ts'
import { Completion, completionValue, type CompletionValue } from './completion-answer.ts'
import { openCompletion } from './completion-request.ts'
import type { GraphqlContext } from './context.ts'
import { CompletionError, completionError, type CompletionErrorValue } from './error.ts'

type Step =
  | { type: 'CompletionStarted'; model: string; provider: string; cache: CacheStatusValue }
  | { type: 'TextDelta' | 'ReasoningDelta' | 'RefusalDelta'; choice: number; text: string }
  | {
      type: 'ToolCallDelta'
      choice: number
      index: number
      id?: string
      name?: string
      argumentsDelta: string
    }
  | ({ type: 'CompletionRestarted' | 'CompletionContinued' } & Resumption)
  | { type: 'CompletionFinished'; completion: CompletionValue }
  | { type: 'CompletionFailed'; error: CompletionErrorValue }

interface Resumption {
  model: string
  provider: string
  failed: AttemptValue
}

/** One event of the subscription `completion`; `type` is the name of its GraphQL type. */
export type CompletionEventValue = Step & { completionId: string; sequence: number }
type EventOf<Type extends Step['type']> = Extract<CompletionEventValue, { type: Type }>

export const CompletionEvent = builder
  .interfaceRef<CompletionEventValue>('CompletionEvent')
  .implement({
    description: 'One step of a completion: first CompletionStarted, last Finished or Failed.',
    resolveType: (event) => event.type,
    fields: (t) => ({
      completionId: t.exposeID('completionId', {
        description: 'The id under which the log has the request.',
      }),
      sequence: t.exposeInt('sequence', { description: 'From 0, without gaps.' }),
    }),
  })

builder.objectRef<EventOf<'CompletionStarted'>>('CompletionStarted').implement({
  description: 'A provider answers, or once did. Comes once, before everything else of the answer.',
  interfaces: [CompletionEvent],
  fields: (t) => ({
    model: t.exposeString('model', { description: 'The model that answers, `provider/model`.' }),
    provider: t.exposeString('provider', { description: 'The provider that answers.' }),
    cache: t.expose('cache', {
      type: CacheStatus,
      description: 'Whether it is a kept answer to an equal request.',
    }),
  }),
})

textEvent('TextDelta', 'A piece of the text.')
textEvent('ReasoningDelta', 'A piece of what the model thinks.')
textEvent('RefusalDelta', 'A piece of the refusal.')

builder.objectRef<EventOf<'ToolCallDelta'>>('ToolCallDelta').implement({
  description: 'A tool call begins, with `id` and `name`, or goes on with a piece of arguments.',
  interfaces: [CompletionEvent],
  fields: (t) => ({
    choice: t.exposeInt('choice', { description: 'The choice that it belongs to, from 0.' }),
    index: t.exposeInt('index', { description: 'The place of the call in the answer, from 0.' }),
    id: t.exposeID('id', { nullable: true, description: 'The id; only where the call begins.' }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'The name of the tool; only where the call begins.',
    }),
    argumentsDelta: t.exposeString('argumentsDelta', {
      description: 'A piece of the string of JSON; empty where the call begins.',
    }),
  }),
})

resumptionEvent(
  'CompletionRestarted',
  'A provider failed amid its answer, and another one answers from the start: drop what came before. Only where the input asked for it.',
)
resumptionEvent(
  'CompletionContinued',
  'A provider failed amid its answer, and another one goes on with it: what comes is appended. Only where the input asked for it.',
)

builder.objectRef<EventOf<'CompletionFinished'>>('CompletionFinished').implement({
  description: 'The answer is whole. The last event.',
  interfaces: [CompletionEvent],
  fields: (t) => ({
    completion: t.expose('completion', { type: Completion, description: 'The whole answer.' }),
  }),
})

builder.objectRef<EventOf<'CompletionFailed'>>('CompletionFailed').implement({
  description: 'The completion failed; what came before stands. The last event.',
  interfaces: [CompletionEvent],
  fields: (t) => ({
    error: t.expose('error', { type: CompletionError, description: 'What went wrong.' }),
  }),
})

/** The events of one completion; ends without a terminal one when `signal` says that the client left. */
export async function* completionEvents(
  context: GraphqlContext,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<CompletionEventValue> {
  const completionId = context.nextRequestId()
  const stepsOf = createSteps(completionId)
  let sequence = 0
  const numbered = (step: Step): CompletionEventValue =>
    Object.assign(step, { completionId, sequence: sequence++ })
  try {
    const options = { requestId: completionId, signal, stream: true }
    for await (const events of openCompletion(context, input, options)) {
      for (const event of events) for (const step of stepsOf(event)) yield numbered(step)
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    yield numbered({ type: 'CompletionFailed', error: completionError(error, completionId) })
  }
}

/** What a client is told of each event, after those before it. */
function createSteps(requestId: string): (event: ChatEvent) => Step[] {
  const createdAt = new Date()
  const collector = createCollector()
  let called: Step | undefined
  let cache: CacheStatusValue = 'off'
  return (event) => {
    const steps: Step[] = []
    if (event.type === 'cache-lookup') {
      cache = event.result
      if (event.origin) called = startedBy(event.origin, cache)
    } else if (event.type === 'attempt-start' || event.type === 'attempt-chosen') {
      called = startedBy(event, cache)
    } else if (event.type === 'answer-restarted' || event.type === 'answer-continued') {
      called = undefined // it has started already, and the event itself says who goes on
    } else if (called && answers(event)) {
      steps.push(called)
      called = undefined
    }
    if (event.type === 'error') {
      const error = completionError(event.error, requestId, event.settlement)
      steps.push({ type: 'CompletionFailed', error })
    } else if (event.type === 'end') {
      const completion = completionValue(collector.response(), event.settlement, createdAt)
      steps.push({ type: 'CompletionFinished', completion })
    } else {
      collector.add(event)
      const delta = deltaOf(event)
      if (delta) steps.push(delta)
    }
    return steps
  }
}

function startedBy({ model, provider }: Origin, cache: CacheStatusValue): Step {
  return { type: 'CompletionStarted', model, provider, cache }
}

/** Whether an event shows that the deployment called last is the one that answers. */
function answers(event: ChatEvent): boolean {
  return event.type === 'response-start' || event.type === 'end' || isContent(event)
}

function deltaOf(event: ChatEvent): Step | undefined {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta': {
      const { choice, text } = event
      return text === '' ? undefined : { type: textTypes[event.type], choice, text }
    }
    case 'tool-call-start': {
      const { choice, index, id, name } = event
      return { type: 'ToolCallDelta', choice, index, id, name, argumentsDelta: '' }
    }
    case 'tool-call-delta': {
      const { choice, index, argumentsDelta } = event
      return { type: 'ToolCallDelta', choice, index, argumentsDelta }
    }
    case 'answer-restarted':
    case 'answer-continued': {
      const { model, provider } = event
      const failedAttempt = attemptOfRecord(event.failed)
      return { type: resumptionTypes[event.type], model, provider, failed: failedAttempt }
    }
    default:
      return undefined
  }
}

const resumptionTypes = {
  'answer-restarted': 'CompletionRestarted',
  'answer-continued': 'CompletionContinued',
} as const

function resumptionEvent(
  type: 'CompletionRestarted' | 'CompletionContinued',
  description: string,
): void {
  builder.objectRef<EventOf<typeof type>>(type).implement({
    description,
    interfaces: [CompletionEvent],
    fields: (t) => ({
      model: t.exposeString('model', { description: 'The model that answers, `provider/model`.' }),
      provider: t.exposeString('provider', { description: 'The provider that answers.' }),
      failed: t.expose('failed', { type: Attempt, description: 'The attempt that failed.' }),
    }),
  })
}

const textTypes = {
  'text-delta': 'TextDelta',
  'reasoning-delta': 'ReasoningDelta',
  'refusal-delta': 'RefusalDelta',
} as const

function textEvent(
  type: 'TextDelta' | 'ReasoningDelta' | 'RefusalDelta',
  description: string,
): void {
  builder.objectRef<EventOf<typeof type>>(type).implement({
    description,
    interfaces: [CompletionEvent],
    fields: (t) => ({
      choice: t.exposeInt('choice', { description: 'The choice that it belongs to, from 0.' }),
      text: t.exposeString('text', { description: 'The piece; append it to what came before.' }),
    }),
  })
}
