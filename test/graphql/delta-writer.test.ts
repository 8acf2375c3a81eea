import { execute, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import type { CompletionEventValue } from '../../src/graphql/completion-event.ts'
import { deltaWriter } from '../../src/graphql/delta-writer.ts'
import { schema } from '../../src/graphql/schema.ts'

const events = (['TextDelta', 'ReasoningDelta', 'RefusalDelta'] as const).map(
  (type, index): CompletionEventValue => ({
    type,
    choice: index,
    text: `"${type}"\n`,
    completionId: 'req_1',
    sequence: index + 1,
  }),
)

const input = '(input: { model: "m", messages: [{ role: USER, content: "Hi" }] })'
const operation = (selection: string, further = ''): string =>
  `subscription { completion${input} { ${selection} } } ${further}`

/** What the executor makes of an event: the same as of a query whose root it is. */
async function executed(text: string, event: CompletionEventValue): Promise<string> {
  const contextValue = { actor: { kind: 'system', id: 'test', scopes: new Set(['ADMIN']) } }
  const document = parse(text)
  expect(validate(schema, document)).toEqual([])
  return JSON.stringify(await execute({ schema, document, rootValue: event, contextValue }))
}

const written: [string, string][] = [
  ['members of the interface', operation('sequence completionId __typename')],
  ['members of one type', operation('__typename ... on TextDelta { text choice }')],
  ['aliases', operation('kind: __typename ... on TextDelta { piece: text text }')],
  ['an alias of the root', `subscription { c: completion${input} { sequence } }`],
  ['a member twice', operation('sequence ... on CompletionEvent { sequence completionId }')],
  ['nothing of the other types', operation('... on RefusalDelta { text }')],
  ['inline fragments without a type', operation('... { sequence ... { completionId } }')],
  [
    'fragments, one in another',
    operation(
      '...All',
      'fragment All on CompletionEvent { ...Text sequence } fragment Text on TextDelta { text }',
    ),
  ],
  [
    'what is selected of events that are executed',
    operation('sequence ... on CompletionFinished { completion { id usage { totalTokens } } }'),
  ],
]

describe('a text event is written as it would be executed', () => {
  test.each(written)('%s', async (_name, text) => {
    const write = deltaWriter(parse(text))
    for (const event of events) {
      expect(JSON.stringify(write?.(event))).toBe(await executed(text, event))
    }
  })
})

const left: [string, string][] = [
  ['a directive at a field', operation('sequence @skip(if: false)')],
  ['a directive at a fragment', operation('...Some @include(if: true)', some())],
  ['a directive at an inline fragment', operation('... on TextDelta @include(if: true) { text }')],
  ['a directive at the root', `subscription { completion${input} @skip(if: false) { sequence } }`],
  ['one of several operations', `${operation('sequence')} query Other { __typename }`],
  ['no subscription at all', '{ models { nodes { id } } }'],
]

function some(): string {
  return 'fragment Some on CompletionEvent { sequence }'
}

describe('left to the executor is', () => {
  test.each(left)('%s', (_name, text) => {
    const write = deltaWriter(parse(text))
    expect(events.map((event) => write?.(event))).toEqual([undefined, undefined, undefined])
  })

  const write = deltaWriter(parse(operation('sequence')))
  const facts = { completionId: 'req_1', sequence: 0 }

  test('every event that is no text', () => {
    const started = {
      type: 'CompletionStarted',
      model: 'a/b',
      provider: 'a',
      cache: 'off',
    } as const
    expect(write?.({ ...started, ...facts })).toBeUndefined()
    const call = { type: 'ToolCallDelta', choice: 0, index: 0, argumentsDelta: '{' } as const
    expect(write?.({ ...call, ...facts })).toBeUndefined()
  })

  test.each([0.5, 2 ** 31, Number.NaN])('a choice that is no Int: %d', (choice) => {
    expect(write?.({ type: 'TextDelta', choice, text: 'a', ...facts })).toBeUndefined()
  })
})
