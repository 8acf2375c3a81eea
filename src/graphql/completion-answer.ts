import type { finishReasons } from '../protocol/event.ts'
import type { ChatResponse, ResponseChoice } from '../protocol/response.ts'
import type { Settlement } from '../protocol/settlement.ts'
import {
  Annotation,
  AnswerPart,
  ChosenToken,
  partsOf,
  ToolCall,
  toolCallsOf,
} from './answer-part.ts'
import { Attempt, attemptOfRecord, attemptsExpected, type AttemptValue } from './attempt.ts'
import { builder } from './builder.ts'
import { CacheStatus, type CacheStatusValue } from './cache-status.ts'
import { Usage, usageValue, type UsageValue } from './usage.ts'

/** A whole answer as a client sees it. */
export interface CompletionValue {
  kind: 'completion'
  id: string
  model: string
  provider: string
  createdAt: Date
  choices: ResponseChoice[]
  usage: UsageValue
  attempts: AttemptValue[]
  warnings: string[]
  cache: CacheStatusValue
}

/** Parts, tool calls and annotations of an answer as the cost of a list of them counts them. */
const partsExpected = 4

type FinishReasonValue = (typeof finishReasons)[number]

const FinishReason = builder.enumType('FinishReason', {
  description: 'Why an answer ended.',
  values: {
    STOP: { value: 'stop', description: 'It is complete.' },
    LENGTH: { value: 'length', description: 'The limit of tokens was reached.' },
    TOOL_CALLS: { value: 'tool_calls', description: 'The model calls tools.' },
    CONTENT_FILTER: { value: 'content_filter', description: 'The provider cut it off.' },
    REFUSAL: { value: 'refusal', description: 'The model refused.' },
    CANCELLED: { value: 'cancelled', description: 'It was cancelled.' },
    ERROR: { value: 'error', description: 'The provider failed on the way.' },
    OTHER: { value: 'other', description: 'Something else; see `rawFinishReason`.' },
  } as const satisfies Record<string, { value: FinishReasonValue; description: string }>,
})

const Choice = builder.objectRef<ResponseChoice>('Choice').implement({
  description: 'One of the answers to a request.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'From 0.' }),
    content: t.exposeString('content', {
      nullable: true,
      description: 'The text; null where the model wrote none.',
    }),
    reasoning: t.exposeString('reasoning', {
      nullable: true,
      description: 'What the model thought, where its provider shows it.',
    }),
    refusal: t.exposeString('refusal', {
      nullable: true,
      description: 'Why the model refused; null when it did not.',
    }),
    toolCalls: t.field({
      type: [ToolCall],
      description: 'The tools that the model calls.',
      complexity: { multiplier: partsExpected },
      resolve: toolCallsOf,
    }),
    parts: t.field({
      type: [AnswerPart],
      description:
        'Everything that it consists of, in order. Sent back as the `parts` of the next turn, it loses nothing.',
      complexity: { multiplier: partsExpected },
      resolve: partsOf,
    }),
    annotations: t.expose('annotations', {
      type: [Annotation],
      description: 'What stands behind its text: citations and the like.',
      complexity: { multiplier: partsExpected },
    }),
    logprobs: t.field({
      type: [ChosenToken],
      nullable: true,
      description: 'The tokens of its text; null unless `logprobs` was asked for.',
      complexity: { multiplier: 100 },
      resolve: ({ logprobs }) => logprobs?.content,
    }),
    finishReason: t.field({
      type: FinishReason,
      description: 'Why it ended.',
      resolve: (choice) => choice.finishReason.unified,
    }),
    rawFinishReason: t.string({
      nullable: true,
      description: "The provider's own word for it.",
      resolve: (choice) => choice.finishReason.raw,
    }),
    stopSequence: t.string({
      nullable: true,
      description: 'The stop sequence that ended it, where the provider tells.',
      resolve: (choice) => choice.finishReason.stopSequence,
    }),
  }),
})

export const Completion = builder.objectRef<CompletionValue>('Completion').implement({
  description: 'A whole answer.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id under which the log has the request.' }),
    model: t.exposeString('model', { description: 'The model that answered, `provider/model`.' }),
    provider: t.exposeString('provider', { description: 'The provider that answered.' }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When the request arrived.',
    }),
    content: t.string({
      nullable: true,
      description: 'The text of the first choice; null where the model wrote none.',
      resolve: ({ choices }) => choices[0]?.content,
    }),
    finishReason: t.field({
      type: FinishReason,
      description: 'Why the first choice ended.',
      resolve: ({ choices }) => choices[0]?.finishReason.unified ?? 'other',
    }),
    toolCalls: t.field({
      type: [ToolCall],
      description: 'The tools that the first choice calls.',
      complexity: { multiplier: partsExpected },
      resolve: ({ choices: [first] }) => (first ? toolCallsOf(first) : []),
    }),
    choices: t.expose('choices', {
      type: [Choice],
      description: 'All answers, by index.',
      complexity: { multiplier: 2 },
    }),
    usage: t.expose('usage', { type: Usage, description: 'Tokens and cost of the answer.' }),
    attempts: t.expose('attempts', {
      type: [Attempt],
      description: 'The calls of providers that were made for it, in their order.',
      complexity: { multiplier: attemptsExpected },
    }),
    warnings: t.exposeStringList('warnings', {
      description: 'What was not done as it was asked.',
    }),
    cache: t.expose('cache', {
      type: CacheStatus,
      description: 'Whether it is a kept answer to an equal request.',
    }),
  }),
})

export function completionValue(
  response: ChatResponse,
  settlement: Settlement,
  createdAt: Date,
): CompletionValue {
  const { requestId, model, provider, usage, cost, attempts, cache = 'off' } = settlement
  if (model === undefined || provider === undefined) {
    throw new Error(`the settlement of the answer ${requestId} names no deployment`)
  }
  return {
    kind: 'completion',
    id: requestId,
    model,
    provider,
    createdAt,
    choices: response.choices,
    usage: usageValue(usage, cost),
    attempts: attempts.map(attemptOfRecord),
    warnings: response.warnings,
    cache,
  }
}
