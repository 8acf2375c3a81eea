import { explainRoute } from '../gateway/explain.ts'
import { parseNanos } from '../lib/decimal.ts'
import type { IntentGuess } from '../protocol/intent.ts'
import {
  scoreParts,
  type DecidedCandidate,
  type Decision,
  type Exclusion,
  type PassedOver,
} from '../protocol/routing.ts'
import { builder } from './builder.ts'
import { CompletionInput } from './completion-input.ts'
import { decodeCompletion } from './completion-request.ts'
import { RoutingStrategy } from './routing-input.ts'
import { Money } from './usage.ts'

const RoutingScore = builder.objectRef<{ name: string; value: number }>('RoutingScore').implement({
  description: 'A part of a score.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: '`latency`, `cost`, `busy`, `headroom`, `cache` or `errors`.',
    }),
    value: t.exposeFloat('value', { description: 'From 0 to 1, the best being 1.' }),
  }),
})

const RoutingCandidate = builder.objectRef<DecidedCandidate>('RoutingCandidate').implement({
  description: 'A deployment that is tried.',
  fields: (t) => ({
    deployment: t.exposeString('deployment', {
      description: '`provider/model`, with `#credential` where the provider has several.',
    }),
    model: t.exposeString('model', { description: 'Its model, `provider/model`.' }),
    source: t.exposeString('source', {
      description:
        '`model`: it belongs to the model asked for; `client` or `configuration`: a fallback of theirs.',
    }),
    score: t.exposeFloat('score', {
      nullable: true,
      description: "The strategy's measure, the lower the better; null where it has none.",
    }),
    parts: t.field({
      type: [RoutingScore],
      description: 'From what the score was made, where it is a mix.',
      complexity: { multiplier: scoreParts.length },
      resolve: ({ parts = {} }) =>
        scoreParts.flatMap((name) => {
          const value = parts[name]
          return value === undefined ? [] : [{ name, value }]
        }),
    }),
    cachedShare: t.exposeFloat('cachedShare', {
      nullable: true,
      description:
        "Of its recent input tokens, those read from the provider's cache, 0 to 1; null when unknown.",
    }),
    estimatedCost: t.field({
      type: Money,
      nullable: true,
      description: 'What the request would cost here; null where the price is unknown.',
      resolve: ({ cost }) => cost && { currency: cost.currency, nanos: parseNanos(cost.amount) },
    }),
  }),
})

const RoutingExclusion = builder.objectRef<Exclusion | PassedOver>('RoutingExclusion').implement({
  description: 'A deployment that is left out.',
  fields: (t) => ({
    deployment: t.exposeString('deployment', { description: 'Its id.' }),
    reason: t.exposeString('reason', {
      description: 'A code of a closed list, as `REGION` or `CONTEXT_LENGTH`.',
    }),
    detail: t.exposeString('detail', { description: 'In words, with what was compared.' }),
  }),
})

const RoutingIntent = builder.objectRef<IntentGuess>('RoutingIntent').implement({
  description: 'What a request wants.',
  fields: (t) => ({
    intent: t.exposeString('intent', {
      description:
        '`chat`, `code`, `tests`, `math`, `reasoning`, `agent`, `vision` or `long-context`.',
    }),
    from: t.exposeString('from', {
      description:
        '`tag`: the client said so; `request`: its images, tools or length; `text`: a guess from its words.',
    }),
    confidence: t.exposeFloat('confidence', {
      nullable: true,
      description: 'Of a guess: from 0 to 1.',
    }),
  }),
})

const FailedRule = builder.objectRef<Decision['failedRules'][number]>('FailedRule').implement({
  description: 'A rule that could not be asked.',
  fields: (t) => ({
    rule: t.exposeString('rule', { description: 'Its name.' }),
    reason: t.exposeString('reason', { description: 'Why not.' }),
  }),
})

const expected = 10

export const RoutingDecision = builder.objectRef<Decision>('RoutingDecision').implement({
  description: 'How a request is routed, and why.',
  fields: (t) => ({
    model: t.exposeString('model', {
      description: 'What the name meant: `provider/model`, or a virtual model.',
    }),
    strategy: t.expose('strategy', {
      type: RoutingStrategy,
      description: 'How it was chosen among deployments.',
    }),
    variant: t.exposeString('variant', {
      nullable: true,
      description: 'The part of an experiment that the request fell to.',
    }),
    affinity: t.exposeString('affinity', {
      nullable: true,
      description:
        '`session` or `prefix` where the first candidate is that of an earlier request; else null.',
    }),
    intent: t.field({
      type: RoutingIntent,
      nullable: true,
      description: 'What the request was taken to want, where its model was `auto`.',
      resolve: ({ intent }) => intent,
    }),
    rules: t.stringList({
      description: 'The names of the rules that fired.',
      resolve: ({ rules }) => [...rules],
    }),
    failedRules: t.field({
      type: [FailedRule],
      complexity: { multiplier: expected },
      description: 'Rules whose condition could not be evaluated.',
      resolve: ({ failedRules }) => [...failedRules],
    }),
    estimatedInputTokens: t.int({
      description: 'Tokens of the prompt, roughly.',
      resolve: ({ estimate }) => estimate.inputTokens,
    }),
    estimatedOutputTokens: t.int({
      description: 'Tokens of the answer: its bound, else 500.',
      resolve: ({ estimate }) => estimate.outputTokens,
    }),
    candidates: t.field({
      type: [RoutingCandidate],
      description: 'In the order in which they are tried.',
      complexity: { multiplier: expected },
      resolve: ({ candidates }) => [...candidates],
    }),
    excluded: t.field({
      type: [RoutingExclusion],
      description: 'Deployments that are left out, at most 20.',
      complexity: { multiplier: expected },
      resolve: ({ excluded }) => [...excluded],
    }),
    excludedCount: t.exposeInt('excludedCount', { description: 'How many are left out.' }),
    passedOver: t.field({
      type: [RoutingExclusion],
      description:
        'Deployments that were not called although their turn had come, or were put last (`OUTLIER`); none in a dry run.',
      complexity: { multiplier: expected },
      resolve: ({ passedOver = [] }) => [...passedOver],
    }),
  }),
})

builder.queryField('explainRoute', (t) =>
  t.field({
    type: RoutingDecision,
    authScopes: { scope: 'INFERENCE' },
    description: 'Where a completion would go now, and why; nothing is called.',
    args: {
      input: t.arg({ type: CompletionInput, required: true, description: 'As to make it.' }),
    },
    resolve: (_root, { input }, { gateway, actor, headers }) => {
      const { request, hints, tags } = decodeCompletion(input, { stream: false })
      return explainRoute(gateway, request, { actor, door: 'graphql', headers, hints, tags })
    },
  }),
)
