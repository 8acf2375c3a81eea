import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { embed } from '../gateway/embed.ts'
import type { EmbeddingAnswer } from '../protocol/embedding.ts'
import { optional } from '../protocol/routing-schema.ts'
import { Attempt, attemptOfRecord, attemptsExpected, type AttemptValue } from './attempt.ts'
import { builder } from './builder.ts'
import { modelCallComplexity } from './field-complexity.ts'
import { compiled } from './operation-plan.ts'
import { firstFault } from './completion-request.ts'
import { routing } from './completion-schema.ts'
import type { GraphqlContext } from './context.ts'
import { completionError, EmbeddingError, type CompletionErrorValue } from './error.ts'
import { RoutingInput } from './routing-input.ts'
import { Usage, usageValue, type UsageValue } from './usage.ts'

interface EmbeddingValue {
  kind: 'embedding'
  id: string
  model: string
  provider: string
  vectors: { index: number; values: number[] }[]
  usage: UsageValue
  attempts: AttemptValue[]
  warnings: string[]
}

const EmbeddingInput = builder.inputType('EmbeddingInput', {
  description: 'Vectors to make.',
  fields: (t) => ({
    model: t.string({
      required: true,
      description: '`provider/model`, an alias, or a name that only one provider offers.',
    }),
    input: t.stringList({ required: true, description: 'The texts, 1 to 2,048.' }),
    dimensions: t.int({
      description: 'The length of the vectors, where the model can shorten them.',
    }),
    endUser: t.string({ description: 'Your own stable name for the person behind the request.' }),
    fallbacks: t.stringList({
      description: 'Models to try in turn when `model` fails; their vectors are not comparable.',
    }),
    routing: t.field({ type: RoutingInput, description: 'Where the request may go.' }),
    tags: t.field({
      type: 'JSON',
      description: 'Your own labels for the log: an object of strings, numbers and booleans.',
    }),
  }),
})

const EmbeddingVector = builder
  .objectRef<EmbeddingValue['vectors'][number]>('EmbeddingVector')
  .implement({
    description: 'The vector of one text.',
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'The place of its text in the input, from 0.' }),
      values: t.exposeFloatList('values', { description: 'The numbers.' }),
    }),
  })

const Embedding = builder.objectRef<EmbeddingValue>('Embedding').implement({
  description: 'The vectors of some texts.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id under which the log has the request.' }),
    model: t.exposeString('model', { description: 'The model that answered, `provider/model`.' }),
    provider: t.exposeString('provider', { description: 'The provider that answered.' }),
    vectors: t.expose('vectors', {
      type: [EmbeddingVector],
      description: 'One for each text, in their order.',
      complexity: { multiplier: 100 },
    }),
    usage: t.expose('usage', { type: Usage, description: 'Tokens and cost.' }),
    attempts: t.expose('attempts', {
      type: [Attempt],
      description: 'The calls of providers that were made for it, in their order.',
      complexity: { multiplier: attemptsExpected },
    }),
    warnings: t.exposeStringList('warnings', { description: 'What was not done as it was asked.' }),
  }),
})

const EmbeddingResult = builder.unionType('EmbeddingResult', {
  description: 'Vectors, or why there are none.',
  types: [Embedding, EmbeddingError],
  resolveType: (value) => (value.kind === 'embedding' ? Embedding : EmbeddingError),
})

// Open to every actor: the gateway checks the scope INFERENCE and answers in the typed way.
builder.mutationField('createEmbedding', (t) =>
  t.field({
    type: EmbeddingResult,
    authScopes: { anyActor: true },
    description: 'Makes the vectors of some texts.',
    complexity: { field: modelCallComplexity },
    extensions: compiled,
    args: { input: t.arg({ type: EmbeddingInput, required: true, description: 'What to make.' }) },
    resolve: (_root, { input }, context) => createEmbedding(context, input),
  }),
)

const embeddingInput = z.object({
  model: z.string().min(1),
  input: z
    .array(z.string().min(1, 'is empty; leave it out'))
    .min(1, 'must have at least one text')
    .max(2048, 'must have at most 2048 texts'),
  dimensions: optional(z.int().min(1)),
  endUser: optional(z.string().min(1)),
  ...routing,
})

async function createEmbedding(
  context: GraphqlContext,
  input: unknown,
): Promise<EmbeddingValue | CompletionErrorValue> {
  const requestId = context.nextRequestId()
  const { actor, gateway, headers, onSettled, signal } = context
  try {
    const parsed = embeddingInput.safeParse(input)
    if (!parsed.success) throw firstFault(parsed.error)
    const { model, input: inputs, dimensions, endUser: endUserId, tags, ...rest } = parsed.data
    const { fallbacks, routing: lists } = rest
    const hints = { fallbacks, ...lists }
    const door = 'graphql' as const
    const call = { requestId, actor, door, headers, hints, tags, onSettled, signal }
    const answer = await embed(gateway, { model, inputs, dimensions, endUserId }, call)
    if (!answer) return completionError(left(), requestId)
    if ('error' in answer) return completionError(answer.error, requestId, answer.settlement)
    return embeddingValue(answer)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return completionError(error, requestId)
  }
}

function embeddingValue({ vectors, settlement, warnings }: EmbeddingAnswer): EmbeddingValue {
  const { requestId: id, model = '', provider = '', usage, cost, attempts } = settlement
  return {
    kind: 'embedding',
    id,
    model,
    provider,
    vectors: vectors.map((values, index) => ({ index, values })),
    usage: usageValue(usage, cost),
    attempts: attempts.map(attemptOfRecord),
    warnings,
  }
}

/** Nobody reads this. */
function left(): GatewayError {
  return new GatewayError({ code: 'CANCELLED', message: 'The client left before the end.' })
}
