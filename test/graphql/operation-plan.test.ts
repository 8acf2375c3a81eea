import fc from 'fast-check'
import {
  coerceInputValue,
  execute,
  isInputObjectType,
  isListType,
  isNonNullType,
  parse,
  validate,
  type GraphQLInputType,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { compileInput } from '../../src/graphql/compiled-input.ts'
import { planOperation } from '../../src/graphql/operation-plan.ts'
import { replayingSchema } from '../../src/graphql/replay.ts'
import { schema } from '../../src/graphql/schema.ts'
import { selectionOf } from './arbitrary-selections.ts'
import { answered, choice, failed } from './completion-values.ts'

const replaying = replayingSchema(schema)
const context = { actor: { kind: 'system', id: 'test', scopes: new Set(['ADMIN']) } }
const input = { model: 'a/b', messages: [{ role: 'USER', content: 'Hi' }] }
const mutation = (selection: string, further = ''): string =>
  `mutation ($input: CompletionInput!, $yes: Boolean = true, $no: Boolean!) {
    createCompletion(input: $input) { ${selection} } } ${further}`

/** What the plan and the executor make of a value that was resolved. */
async function results(text: string, value: unknown) {
  const document = parse(text)
  const variables = { input, no: false }
  const call = planOperation(schema, document)?.prepare(variables)
  if (!call) throw new Error(`no plan of ${text}`)
  const data = call.write(value, context)
  const executed = await execute({
    schema: replaying,
    document,
    rootValue: () => value,
    variableValues: variables,
    contextValue: context,
  })
  return { planned: data && JSON.stringify({ data }), executed, text: JSON.stringify(executed) }
}

const result = schema.getType('CompletionResult')
if (!result) throw new Error('the schema has completions')
const selections = selectionOf(result, {
  depth: 4,
  conditions: ['@include(if: $yes)', '@include(if: $no)', '@skip(if: $no) @include(if: true)'],
})

/** What resolvers never give, at any place of a value. */
const oddities: (() => unknown)[] = [
  () => null,
  () => undefined,
  () => 0.5,
  () => 2 ** 40,
  () => Number.NaN,
  () => 'unknown',
  () => true,
  () => ({}),
  () => [],
  () => [null],
  () => new Set(['a']),
  () => new Error('boom'),
  () => () => 'called',
  () => Promise.resolve('later'),
  () => {
    const rejected = Promise.reject(new Error('boom later'))
    rejected.catch(() => {}) // not everything is selected
    return rejected
  },
]

/** Puts something else in a place of a copy of a value; places are chosen by numbers. */
function spoilt(value: object, places: readonly number[], odd: () => unknown): unknown {
  const copy = structuredClone(value)
  let at: object = copy
  for (const [step, place] of places.entries()) {
    const names = Object.keys(at)
    const name = names[place % names.length]
    if (name === undefined) break
    const inner: unknown = Reflect.get(at, name)
    if (step < places.length - 1 && typeof inner === 'object' && inner !== null) at = inner
    else {
      Reflect.set(at, name, odd())
      break
    }
  }
  return copy
}

const values = [answered, failed, { ...answered, choices: [] }, { ...answered, choices: [choice] }]

describe('a result is written as it would be executed', () => {
  test('whatever is selected', async () => {
    const property = fc.asyncProperty(
      selections,
      fc.constantFrom(...values),
      async (selection, value) => {
        const { planned, text } = await results(mutation(selection), value)
        expect(planned).toBe(text)
      },
    )
    await fc.assert(property, { numRuns: 300 })
  })

  test('or not at all, where a value is not what it should be', async () => {
    const places = fc.array(fc.nat(40), { minLength: 1, maxLength: 5 })
    const property = fc.asyncProperty(
      selections,
      fc.constantFrom(...values),
      places,
      fc.constantFrom(...oddities),
      async (selection, value, at, odd) => {
        const { planned, executed, text } = await results(
          mutation(selection),
          spoilt(value, at, odd),
        )
        expect(executed.errors ? [undefined] : [undefined, text]).toContain(planned)
      },
    )
    await fc.assert(property, { numRuns: 500 })
  })

  test.each(oddities.map((odd) => [odd]))('or not at all: %s', async (odd) => {
    const { planned, executed, text } = await results(mutation('__typename'), odd())
    expect(executed.errors ? [undefined] : [undefined, text]).toContain(planned)
  })
})

/** Values of an input type, most of which fit. */
function inputOf(type: GraphQLInputType, depth: number): fc.Arbitrary<unknown> {
  if (isNonNullType(type))
    return fc.oneof({ weight: 30, arbitrary: inputOf(type.ofType, depth) }, fc.constant(null))
  if (isListType(type)) {
    const item = inputOf(type.ofType, depth)
    return fc.oneof({ weight: 5, arbitrary: fc.array(item, { maxLength: 3 }) }, item)
  }
  const odd = fc.constantFrom(null, 7, 0.5, 2 ** 40, '7', 'x', true, [], {}, [1], { a: 1 })
  if (!isInputObjectType(type)) {
    const named = {
      Int: fc.integer({ min: -5, max: 5 }),
      Float: fc.double({ noNaN: true }),
      Boolean: fc.boolean(),
    }
    const fit =
      Object.entries(named).find(([name]) => name === type.name)?.[1] ??
      fc.constantFrom('USER', 'ON', 'text')
    return fc.oneof({ weight: 30, arbitrary: fit }, odd)
  }
  if (depth === 0) return odd
  const fields = Object.values(type.getFields())
  const needed = fields.filter((field) => isNonNullType(field.type)).map(({ name }) => name)
  const shape = Object.fromEntries(
    fields.map((field) => [field.name, inputOf(field.type, depth - 1)]),
  )
  const some = fc.record(shape, { requiredKeys: needed })
  const few = fc.subarray(
    fields.map(({ name }) => name),
    { maxLength: Math.min(3, fields.length) },
  )
  const chosen = fc.tuple(some, few).map(([all, names]) => {
    const kept = Object.entries(all).filter(
      ([name]) => needed.includes(name) || names.includes(name),
    )
    return Object.fromEntries(kept)
  })
  return fc.oneof(
    { weight: 30, arbitrary: chosen },
    odd,
    chosen.map((value) => ({ ...value, extra: 1 })),
  )
}

describe.each(['CompletionInput', 'EmbeddingInput', 'ContentPartInput'])('a %s', (name) => {
  const type = schema.getType(name)
  if (!isInputObjectType(type)) throw new Error(`${name} is no input`)
  const coerce = compileInput(type)

  test('is coerced as graphql-js does it', () => {
    let fitting = 0
    const property = fc.property(inputOf(type, 3), (value) => {
      const expected = coerceInputValue(value, type)
      if (expected === undefined) {
        expect(() => coerce(value)).toThrow()
      } else {
        fitting += 1
        expect(plain(coerce(value))).toEqual(plain(expected))
      }
    })
    fc.assert(property, { numRuns: 1_000 })
    expect(fitting).toBeGreaterThan(50)
  })
})

/** Without prototypes, which differ. */
function plain(value: unknown): unknown {
  return structuredClone(value)
}

describe('left to the executor is', () => {
  const given = '(input: $input)'
  const operations: [string, string][] = [
    ['a query', '{ viewer { id } }'],
    [
      'a subscription',
      'subscription ($input: CompletionInput!) { completion(input: $input) { __typename } }',
    ],
    ['another mutation', 'mutation { invalidateCache(input: { all: true }) { removed } }'],
    [
      'one of several operations',
      `mutation M($input: CompletionInput!) { createCompletion${given} { __typename } } query Q { __typename }`,
    ],
    [
      'more than one field',
      `mutation ($input: CompletionInput!) { a: createCompletion${given} { __typename } b: createCompletion${given} { __typename } }`,
    ],
    [
      'a field in a fragment',
      `mutation ($input: CompletionInput!) { ... { createCompletion${given} { __typename } } }`,
    ],
    [
      'a directive at the root',
      `mutation ($input: CompletionInput!) { createCompletion${given} @skip(if: false) { __typename } }`,
    ],
    [
      'a literal argument',
      'mutation { createCompletion(input: { model: "m", messages: [] }) { __typename } }',
    ],
    [
      'a variable in an argument',
      'mutation ($m: String!) { createCompletion(input: { model: $m, messages: [] }) { __typename } }',
    ],
    [
      'a variable that may be absent',
      'mutation ($input: CompletionInput = { model: "m", messages: [] }) { createCompletion(input: $input) { __typename } }',
    ],
    [
      'a default beside it',
      'mutation ($input: CompletionInput! = { model: "m", messages: [] }) { createCompletion(input: $input) { __typename } }',
    ],
    [
      'more conditions than four',
      `mutation ($input: CompletionInput!, ${['a', 'b', 'c', 'd', 'e'].map((name) => `$${name}: Boolean!`).join()}) {
        createCompletion(input: $input) { ${['a', 'b', 'c', 'd', 'e'].map((name) => `x${name}: __typename @skip(if: $${name})`).join(' ')} } }`,
    ],
  ]

  test.each(operations)('%s', (_name, text) => {
    const document = parse(text)
    expect(validate(schema, document)).toEqual([])
    expect(planOperation(schema, document)).toBeUndefined()
  })

  test.each([
    ['a condition that is null', { input, yes: null, no: false }],
    ['a condition that is missing', { input }],
    ['an input that is missing', { no: false }],
    ['an input that does not fit', { input: { ...input, model: 1 }, no: false }],
  ])('a call with %s', async (_name, variables) => {
    const plan = planOperation(
      schema,
      parse(mutation('a: __typename @skip(if: $yes) ... @skip(if: $no) { __typename }')),
    )
    const data = plan?.prepare(variables)?.write(answered, context)
    expect(data).toBeUndefined()
    expect(plan?.prepare({ input, no: false })?.write(answered, context)).toEqual({
      createCompletion: { __typename: 'Completion' },
    })
  })
})
