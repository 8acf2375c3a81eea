import type { MidStreamFailure as Policy } from '../gateway/call.ts'
import { dataPolicies, stickinesses, strategies } from '../protocol/routing.ts'
import { builder } from './builder.ts'

const strategyWords = {
  ordered: 'In the order of the configuration.',
  weighted: 'By shares, the same for the same key, user, session or tag where that is set.',
  'least-latency': 'By the time to the first token, of two that are drawn.',
  'least-busy': 'By the attempts under way.',
  cheapest: 'By the estimated cost of this request.',
  headroom: "By what is left of the provider's rate limit.",
  scored: 'By a mix of measures with weights.',
  'prefer-local': 'Machines of your own first.',
  race: 'Several at once; the first content wins.',
  hedge: 'A second one when the first is late; the first content wins.',
} satisfies Record<(typeof strategies)[number], string>

export const RoutingStrategy = builder.enumType('RoutingStrategy', {
  description: 'How one of several deployments is chosen.',
  values: enumValues(strategies, strategyWords),
})

const DataPolicy = builder.enumType('DataPolicy', {
  description: 'What a provider may do with what it is sent, the strictest first.',
  values: enumValues(dataPolicies, {
    'no-retention': 'It keeps nothing.',
    'no-training': 'It trains on nothing.',
    any: 'It says nothing about it.',
  }),
})

const Stickiness = builder.enumType('Stickiness', {
  description: 'How long a conversation stays with one deployment.',
  values: enumValues(stickinesses, {
    none: 'Every request is decided anew.',
    turn: 'While tools are called in answer to one message of the user.',
    session: 'Throughout the session.',
  }),
})

const MidStreamFailure = builder.enumType('MidStreamFailure', {
  description: 'What becomes of an answer whose provider fails amid it.',
  values: {
    ERROR: { description: 'It ends with CompletionFailed; what came before stands.' },
    RESTART: {
      description:
        'Another deployment answers from the start: CompletionRestarted says that what came before counts for nothing.',
    },
    CONTINUE: {
      description:
        'Another deployment goes on with the text so far, after CompletionContinued; one that cannot do so starts anew, after CompletionRestarted.',
    },
  } satisfies Record<Policy, object>,
})

const PriceCapInput = builder.inputType('PriceCapInput', {
  description: 'The most that a million tokens may cost; unknown prices are left out.',
  fields: (t) => ({
    currency: t.string({ required: true, description: 'As `USD`.' }),
    input: t.string({ description: 'Of tokens read, a decimal number.' }),
    output: t.string({ description: 'Of tokens written, a decimal number.' }),
  }),
})

const ScoreWeightsInput = builder.inputType('ScoreWeightsInput', {
  description: 'What counts how much in a scored choice.',
  fields: (t) => ({
    latency: t.float({ description: 'The time to the first token.' }),
    cost: t.float({ description: 'The estimated cost of this request.' }),
    busy: t.float({ description: 'The attempts under way.' }),
    headroom: t.float({ description: "What is left of the provider's rate limit." }),
    cache: t.float({ description: "The share of input read from the provider's cache." }),
    errors: t.float({ description: 'The share of attempts that failed.' }),
  }),
})

const MaxCostInput = builder.inputType('MaxCostInput', {
  description: 'An amount of money that a request may cost at most.',
  fields: (t) => ({
    amount: t.string({ required: true, description: 'A decimal amount, as `"0.05"`.' }),
    currency: t.string({ required: true, description: 'ISO 4217 code, as `USD`.' }),
  }),
})

export const RoutingInput = builder.inputType('RoutingInput', {
  description: 'Where the request may go, and how that is chosen.',
  fields: (t) => ({
    allowProviders: t.stringList({ description: 'Only these providers.' }),
    denyProviders: t.stringList({ description: 'None of these providers.' }),
    regions: t.stringList({ description: 'Only deployments in one of these regions.' }),
    dataPolicy: t.field({
      type: DataPolicy,
      description: 'Only deployments whose providers promise at least this.',
    }),
    deploymentTags: t.stringList({ description: 'Only deployments that have all of these tags.' }),
    maxPrice: t.field({ type: PriceCapInput, description: 'Only deployments of at most this.' }),
    session: t.string({ description: 'Your own name for the conversation.' }),
    strategy: t.field({
      type: RoutingStrategy,
      description: "Instead of the model's own strategy.",
    }),
    stickyBy: t.string({
      description: 'What a weighted choice stays the same for: `key`, `user`, `session`, `tag:…`.',
    }),
    weights: t.field({ type: ScoreWeightsInput, description: 'For `SCORED`.' }),
    hedgeAfterMs: t.int({
      description:
        "For `HEDGE`: when the next attempt begins; after the deployment's p95 unless told.",
    }),
    parallel: t.int({ description: 'For `RACE` and `HEDGE`: attempts at once, 2 to 10.' }),
    maxCost: t.field({
      type: MaxCostInput,
      description:
        'Models that may cost more are passed over, attempts of `RACE` and `HEDGE` that would cost more together are not begun, and a stream that gets there ends with INSUFFICIENT_QUOTA.',
    }),
    deadlineMs: t.int({
      description:
        'How long the first content may take, from the arrival of the request; what has begun is never cut by it.',
    }),
    midStreamFailure: t.field({
      type: MidStreamFailure,
      description: 'What becomes of an answer whose provider fails amid it; ERROR unless told.',
    }),
    priority: t.int({
      description:
        "Where not everybody can be served, from -10 to 10: higher goes first; the key's tier may bound it.",
    }),
    stickiness: t.field({
      type: Stickiness,
      description: 'How long the session stays with one deployment.',
    }),
  }),
})

/** `least-latency` is `LEAST_LATENCY` in GraphQL. */
function enumValues<Word extends string>(
  words: readonly Word[],
  descriptions: Record<Word, string>,
): Record<string, { value: Word; description: string }> {
  return Object.fromEntries(
    words.map((word) => [
      word.toUpperCase().replaceAll('-', '_'),
      { value: word, description: descriptions[word] },
    ]),
  )
}
