import { getNamedType, isCompositeType, isInterfaceType, isListType, isObjectType } from 'graphql'
import { getNullableType, parse, type GraphQLField, type GraphQLOutputType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { operationCost } from '../../src/graphql/complexity.ts'
import { schema } from '../../src/graphql/schema.ts'
import { CreateCompletion } from './documents.ts'

interface Declared {
  place: string
  field: GraphQLField<unknown, unknown>
}

const fields: Declared[] = Object.values(schema.getTypeMap()).flatMap((type) => {
  const isOwn = !type.name.startsWith('__') && (isObjectType(type) || isInterfaceType(type))
  if (!isOwn) return []
  return Object.values(type.getFields()).map((field) => ({
    place: `${type.name}.${field.name}`,
    field,
  }))
})

/** What stands beside the field in the source; the schema fills in a default of its own where there is nothing. */
function declarationOf({ field }: Declared): unknown {
  return Object(field.extensions['pothosOptions']).complexity
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(getNullableType(type))
}

function isConnection(type: GraphQLOutputType): boolean {
  return getNamedType(type).name.endsWith('Connection')
}

describe('declarations', () => {
  test('every list of objects says how many it counts for', () => {
    const missing = fields
      .filter(({ field }) => isList(field.type) && isCompositeType(getNamedType(field.type)))
      .filter((declared) => typeof Object(declarationOf(declared)).multiplier !== 'number')
      .map(({ place }) => `${place}: add \`complexity: { multiplier: … }\` to its options`)
    expect(missing).toEqual([])
  })

  test('every connection counts its page', () => {
    const connections = fields.filter(({ field }) => isConnection(field.type))
    const missing = connections
      .filter((declared) => typeof declarationOf(declared) !== 'function')
      .map(({ place }) => `${place}: add \`complexity: pageComplexity\` to its options`)
    expect(missing).toEqual([])
    expect(connections.map(({ place }) => place)).toContain('Query.requests')
  })
})

describe('what an operation costs', () => {
  const costOf = (query: string, variables = {}, operationName?: string): number =>
    operationCost(schema, parse(query), { variables, operationName })
  const page = (first: string): string => `{ requests(${first}) { edges { node { id model } } } }`
  // For each item: the edge's node and two fields of it, and the field `edges` itself.
  const item = 4

  test.each([
    ['a field and what is selected of it', '{ viewer { id kind } }', 3],
    ['a page of the usual size', '{ requests { edges { node { id model } } } }', 10 + 20 * item],
    ['a page of a given size', page('first: 100'), 10 + 100 * item],
    ['no more than the largest page', page('first: 100000'), 10 + 100 * item],
    ['no less than one item', page('first: -5'), 10 + item],
    ['a list in a list', '{ providers { models { id } } }', 1 + 10 * (1 + 20)],
    [
      'two pages under two names',
      '{ a: apiKeys { pageInfo { hasNextPage } } b: apiKeys { pageInfo { hasNextPage } } }',
      2 * (10 + 20 * 2),
    ],
    [
      'a fragment as often as it is used',
      '{ a: viewer { ...V } b: viewer { ...V } } fragment V on Viewer { id kind }',
      6,
    ],
    ['the schema, which limits itself', '{ __schema { types { name } } }', 1],
    [
      'all cases of a union together',
      'mutation { createCompletion(input: {model: "a", messages: []}) { ... on Completion { content } ... on CompletionError { code } } }',
      1002,
    ],
    [
      'a subscription by its root',
      'subscription { completion(input: {model: "a", messages: []}) { sequence } }',
      1001,
    ],
  ])('%s', (_case, query, cost) => {
    expect(costOf(query)).toBe(cost)
  })

  test('a size in a variable, its default and its absence', () => {
    const query = 'query ($n: Int = 3) { requests(first: $n) { edges { node { id model } } } }'
    expect(costOf(query, { n: 50 })).toBe(10 + 50 * item)
    expect(costOf(query, {})).toBe(10 + 3 * item)
    expect(costOf(query.replace(' = 3', ''), {})).toBe(10 + 20 * item)
  })

  test('one document with other variables costs something else', () => {
    const document = parse('query ($n: Int) { requests(first: $n) { edges { node { id } } } }')
    const costs = [1, 100, 1].map((n) => operationCost(schema, document, { variables: { n } }))
    expect(costs).toEqual([13, 310, 13])
  })

  test('only the operation that is asked for', () => {
    const query = 'query A { viewer { id } } query B { models { id } }'
    expect(costOf(query, {}, 'A')).toBe(2)
    expect(costOf(query, {}, 'B')).toBe(201)
    expect(costOf(query, {}, 'C')).toBe(0)
    expect(costOf(query)).toBe(0)
  })

  test('a completion costs the same, whatever is in its variables', () => {
    const document = parse(CreateCompletion.toString())
    const costs = [{}, { input: { model: 'a', messages: [] } }].map((variables) =>
      operationCost(schema, document, { variables }),
    )
    expect(new Set(costs).size).toBe(1)
    expect(costs[0]).toBeGreaterThan(1000)
  })

  test('fragments that double each other are counted at once', () => {
    const depth = 60
    const fragments = Array.from({ length: depth }, (_, at) => {
      const next = at + 1 < depth ? `a: viewer { id } ...F${at + 1} ...F${at + 1}` : 'viewer { id }'
      return `fragment F${at} on Query { ${next} }`
    })
    expect(costOf(`{ ...F0 } ${fragments.join(' ')}`)).toBeGreaterThan(2 ** 50)
  })
})
