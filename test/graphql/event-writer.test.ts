import fc from 'fast-check'
import { execute, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import type { CompletionEventValue } from '../../src/graphql/completion-event.ts'
import { eventWriter } from '../../src/graphql/event-writer.ts'
import { schema } from '../../src/graphql/schema.ts'
import { selectionOf } from './arbitrary-selections.ts'
import { answered, attempt, failed } from './completion-values.ts'

const facts = { completionId: 'req_1', sequence: 3 }
const origin = { model: 'a/b', provider: 'a' }
const texts = (['TextDelta', 'ReasoningDelta', 'RefusalDelta'] as const).map(
  (type, choice): CompletionEventValue => ({ type, choice, text: `"${type}"\n\u2028`, ...facts }),
)

/** One event of each kind. */
const events: CompletionEventValue[] = [
  ...texts,
  { type: 'CompletionStarted', ...origin, cache: 'miss', ...facts },
  {
    type: 'ToolCallDelta',
    choice: 0,
    index: 1,
    id: 'c',
    name: 'add',
    argumentsDelta: '',
    ...facts,
  },
  { type: 'ToolCallDelta', choice: 0, index: 1, argumentsDelta: '{"a"', ...facts },
  { type: 'CompletionRestarted', ...origin, failed: attempt, ...facts },
  { type: 'CompletionContinued', ...origin, failed: attempt, ...facts },
  { type: 'CompletionFinished', completion: answered, ...facts },
  { type: 'CompletionFailed', error: failed, ...facts },
]

const context = { actor: { kind: 'system', id: 'test', scopes: new Set(['ADMIN']) } }
const input = '(input: { model: "m", messages: [{ role: USER, content: "Hi" }] })'
const operation = (selection: string, further = ''): string =>
  `subscription { completion${input} { ${selection} } } ${further}`

/** What the executor makes of an event: the same as of a query whose root it is. */
async function executed(text: string, event: CompletionEventValue): Promise<string> {
  const document = parse(text)
  expect(validate(schema, document)).toEqual([])
  const result = await execute({ schema, document, rootValue: event, contextValue: context })
  expect(result.errors).toBeUndefined()
  return JSON.stringify(result)
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
    'conditions that are literal',
    operation('sequence @skip(if: true) __typename @skip(if: false)'),
  ],
  ['a condition at a fragment', operation('...Some @include(if: true)', some())],
  ['a condition at an inline fragment', operation('... @include(if: false) { sequence }')],
  ['a call of a tool', operation('... on ToolCallDelta { choice index id name argumentsDelta }')],
  [
    'an answer',
    operation('sequence ... on CompletionFinished { completion { id usage { totalTokens } } }'),
  ],
  ['a failure', operation('... on CompletionFailed { error { code attempts { errorCode } } }')],
]

function some(): string {
  return 'fragment Some on CompletionEvent { sequence }'
}

describe('events are written as they would be executed', () => {
  test.each(written)('%s', async (_name, text) => {
    const write = eventWriter(schema, parse(text))
    for (const event of events) {
      expect(JSON.stringify(write?.(event, context))).toBe(await executed(text, event))
    }
  })

  test('whatever is selected', async () => {
    const type = schema.getType('CompletionEvent')
    if (!type) throw new Error('the schema has events')
    const property = fc.asyncProperty(
      selectionOf(type, { depth: 2 }),
      fc.constantFrom(...events),
      async (selection, event) => {
        const text = operation(selection)
        const result = eventWriter(schema, parse(text))?.(event, context)
        expect(JSON.stringify(result)).toBe(await executed(text, event))
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })
})

const left: [string, string][] = [
  [
    'a condition that a variable decides',
    `subscription ($no: Boolean!) { completion${input} { sequence @skip(if: $no) } }`,
  ],
  [
    'one of several operations',
    `subscription S { completion${input} { sequence } } query Q { __typename }`,
  ],
  ['a root in a fragment', `subscription { ... { completion${input} { sequence } } }`],
  ['another subscription', 'subscription { providerHealth { __typename } }'],
  ['no subscription at all', '{ models { id } }'],
]

describe('left to the executor is', () => {
  test.each(left)('%s', (_name, text) => {
    const document = parse(text)
    expect(validate(schema, document)).toEqual([])
    const write = eventWriter(schema, document)
    expect(events.map((event) => write?.(event, context)).filter(Boolean)).toEqual([])
  })

  const write = eventWriter(schema, parse(operation('... on TextDelta { choice }')))

  test.each([0.5, 2 ** 31, Number.NaN])('a choice that is no Int: %d', (choice) => {
    expect(write?.({ type: 'TextDelta', choice, text: 'a', ...facts }, context)).toBeUndefined()
  })
})
