import { buildSchema, GraphQLError, type GraphQLResolveInfo } from 'graphql'
import { createYoga } from 'graphql-yoga'
import { pino } from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import type { GraphqlContext } from '../../src/graphql/context.ts'
import { createEngine, type Engine } from '../../src/graphql/engine.ts'
import { publicError } from '../../src/graphql/masking.ts'
import { compiled } from '../../src/graphql/operation-plan.ts'
import { createPlannedAnswers, type PlannedAnswers } from '../../src/graphql/planned-answers.ts'
import { schema as ownSchema } from '../../src/graphql/schema.ts'
import { usualProtection } from './support.ts'

const logger = pino({ level: 'silent' })

/** What the resolver of `give` gives; each test says it. */
let give: () => unknown
let calls: { args: unknown; context: unknown; info: GraphQLResolveInfo }[]

const schema = buildSchema(`
  type Query { a: Int }
  type Mutation { give(times: Int!): Thing giveSurely(times: Int!): Thing! plain(times: Int!): Thing }
  type Thing { count: Int! name: String things: [Thing!] later: String }
`)
for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
  field.resolve = (_root, args, context, info) => {
    calls.push({ args, context, info })
    return give()
  }
  if (field.name !== 'plain') field.extensions = compiled
}

const contextOf = (): GraphqlContext => ({ requestId: 'req_1' }) as GraphqlContext
const query = (field: string, selection = 'count name things { count }') =>
  `mutation Give($times: Int!) { ${field}(times: $times) { ${selection} } }`
const variables = { times: 3 }

let planned: PlannedAnswers
let engine: Engine

beforeEach(() => {
  calls = []
  give = () => ({ count: 1 })
  planned = createPlannedAnswers(schema, undefined)
  engine = createYoga<GraphqlContext>({
    schema,
    logging: false,
    maskedErrors: { maskError: (error) => publicError(error, { logger }) },
    plugins: [planned.plugin],
  })
})

/** As every operation runs that has no plan. */
async function byEngine(params: { query: string; variables?: object }, into = engine) {
  const enveloped = into.getEnveloped({ ...contextOf(), params })
  const document = enveloped.parse(params.query)
  const errors = enveloped.validate(enveloped.schema, document)
  if (errors.length > 0) return { errors }
  const contextValue = await enveloped.contextFactory()
  const { schema: of } = enveloped
  return enveloped.execute({ schema: of, document, contextValue, variableValues: params.variables })
}

async function byPlan(params: { query: string; variables?: object }) {
  const call = planned.find(params)
  if (!call) throw new Error('there is no plan')
  return planned.run(engine, call, contextOf())
}

describe('what a field gives is answered as by the executor, and asked for once', () => {
  const outcomes: [string, () => unknown][] = [
    ['a value', () => ({ count: 1, name: 'x', things: [{ count: 2 }, { count: 3 }] })],
    ['a value later', async () => ({ count: 1 })],
    ['null', () => null],
    ['null where something must be', () => ({ count: null })],
    ['null deep inside', () => ({ count: 1, things: [{ count: 1 }, { count: null }] })],
    ['a number that is no integer', () => ({ count: 1.5 })],
    ['a list that is none', () => ({ count: 1, things: 7 })],
    ['a list of another kind', () => ({ count: 1, things: new Set([{ count: 1 }]) })],
    ['members that are promises', () => ({ count: 1, name: Promise.resolve('x') })],
    ['members that are functions', () => ({ count: 1, name: () => 'x' })],
    ['an error as a value', () => new GraphQLError('No.', { extensions: { code: 'NO' } })],
    ['an error as a member', () => ({ count: 1, name: new Error('hunter2') })],
    [
      'an error that is thrown',
      () => {
        throw new GraphQLError('No.', { extensions: { code: 'NO' } })
      },
    ],
    [
      'a bug',
      () => {
        throw new TypeError('hunter2')
      },
    ],
    ['a promise that fails', () => Promise.reject(new TypeError('hunter2'))],
    [
      'several errors',
      () => {
        throw new AggregateError([new GraphQLError('one'), new GraphQLError('two')])
      },
    ],
  ]

  describe.each(['give', 'giveSurely'])('%s', (field) => {
    test.each(outcomes)('%s', async (_name, outcome) => {
      const params = { query: query(field), variables }
      give = outcome
      const first = JSON.stringify(await byEngine(params))
      expect(calls).toHaveLength(1)
      const second = JSON.stringify(await byPlan(params))
      expect(calls).toHaveLength(2)
      expect(second).toBe(first)
      expect(second).not.toContain('hunter2')
    })
  })
})

test('a field sees its arguments, its context and its place', async () => {
  const params = { query: query('give'), variables }
  await byEngine(params)
  await byPlan(params)
  const [executed, compiledCall] = calls
  expect(compiledCall?.args).toEqual({ times: 3 })
  expect(compiledCall?.context).toMatchObject({ requestId: 'req_1' })
  for (const name of ['fieldName', 'parentType', 'returnType', 'path', 'operation'] as const) {
    expect(compiledCall?.info[name]).toEqual(executed?.info[name])
  }
})

describe('there is no plan', () => {
  const params = { query: query('give'), variables }

  test('of an operation that has not run', () => {
    expect(planned.find(params)).toBeUndefined()
  })

  test('of one that is not valid', async () => {
    const invalid = { query: query('give', 'nothing'), variables }
    expect(await byEngine(invalid)).toHaveProperty('errors')
    expect(planned.find(invalid)).toBeUndefined()
  })

  test('of a field that is not compiled', async () => {
    const plain = { query: query('plain'), variables }
    await byEngine(plain)
    expect(planned.find(plain)).toBeUndefined()
  })

  test('of an operation that only another engine has run', async () => {
    await byEngine(params)
    expect(planned.find(params)).toBeDefined()
    expect(createPlannedAnswers(schema, undefined).find(params)).toBeUndefined()
  })

  const contents: [string, unknown][] = [
    ['another text', { ...params, query: `${params.query} ` }],
    ['another operation name', { ...params, operationName: 'Other' }],
    ['an operation name that is none', { ...params, operationName: 7 }],
    ['variables that do not fit', { ...params, variables: { times: 'x' } }],
    ['variables that are missing', { query: params.query }],
    ['variables that are a list', { ...params, variables: [3] }],
    ['extensions that are text', { ...params, extensions: 'x' }],
    ['an unknown member', { ...params, id: 1 }],
    ['a batch', [params]],
    ['no query', { variables }],
    ['null', null],
    ['text', 'text'],
  ]
  test.each(contents)('for %s', async (_name, content) => {
    await byEngine(params)
    expect(planned.find({ ...params, operationName: 'Give', extensions: {} })).toBeDefined()
    expect(planned.find(content)).toBeUndefined()
  })
})

describe('with the limits and policies of the engine', () => {
  const input = { model: 'a/b', messages: [{ role: 'USER', content: 'Hi' }] }
  const completion = {
    query:
      'mutation ($input: CompletionInput!) { createCompletion(input: $input) { __typename ... on Completion { id } } }',
    variables: { input },
  }
  const limits = { maxDepth: 1, maxTokens: 10, maxComplexity: 999, maxAliases: 0 }

  test('an operation within them has a plan', async () => {
    const own = createPlannedAnswers(ownSchema, undefined)
    await byEngine(
      completion,
      createEngine({ logger, protection: usualProtection, observer: own.plugin }),
    )
    expect(own.find(completion)).toBeDefined()
  })

  test.each(Object.entries(limits))('one beyond %s never gets one', async (name, max) => {
    const own = createPlannedAnswers(ownSchema, undefined)
    const protection = { ...usualProtection, [name]: max }
    const refused = {
      ...completion,
      query: completion.query.replace('createCompletion', 'x: createCompletion'),
    }
    const run = byEngine(refused, createEngine({ logger, protection, observer: own.plugin }))
    await expect(run).rejects.toThrow(/exceeded|limit/)
    expect(own.find(refused)).toBeUndefined()
  })

  test('a listed document has one by its id, and another text has none', async () => {
    const persisted = { documents: new Map([['sha256:abc', completion.query]]), only: true }
    const own = createPlannedAnswers(ownSchema, persisted)
    const protection = { ...usualProtection, persisted }
    await byEngine(completion, createEngine({ logger, protection, observer: own.plugin }))
    const { variables: given } = completion
    expect(own.find({ documentId: 'abc', variables: given })).toBeDefined()
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'abc' } }
    expect(own.find({ extensions, variables: given })).toBeDefined()
    expect(own.find({ documentId: 'other', variables: given })).toBeUndefined()
    expect(own.find({ query: `${completion.query} `, variables: given })).toBeUndefined()
  })
})
