import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGraphql, type TestServer } from './support.ts'
import { bytesOf, exchange, yogaHandler } from './yoga-twin.ts'

const byId = 'mutation ById($i: CompletionInput!) { createCompletion(input: $i) { __typename } }'
const persisted = { documents: new Map([['by-id', byId]]), only: false }
const settings = { protection: { persisted, maxComplexity: 2_500 } }

let ours: TestServer
let yogas: TestServer

beforeAll(async () => {
  ours = await startGraphql(settings)
  yogas = await startGraphql({ ...settings, handler: yogaHandler })
})

afterAll(() => Promise.all([ours, yogas].map((server) => server.stop())))

const messages = [{ role: 'USER', content: 'Hi — привет "\u2028' }]
const input = (model: string, more: object = {}) => ({ model, messages, ...more })
const words = input('test/words')
const create = (selection: string, more = ''): string =>
  `mutation Create($i: CompletionInput!) { createCompletion(input: $i) { ${selection} } } ${more}`
const asked = (query: string, i: unknown, more: object = {}) => ({
  query,
  variables: { i, ...more },
})
const everything = create(`
  __typename
  ... on Completion { id model provider content finishReason toolCalls { id index name arguments signature { value } }
    choices { index content reasoning refusal finishReason rawFinishReason stopSequence logprobs { chosen { token } }
      annotations { url } toolCalls { id }
      parts { __typename ... on TextPart { text } ... on ReasoningPart { thought: text }
        ... on RefusalPart { no: text } ... on ToolCallPart { call { name arguments } } } }
    usage { inputTokens cachedInputTokens outputTokens reasoningTokens totalTokens estimated
      cost { currency amount amountNanos } }
    warnings cache attempts { number provider model status httpStatus errorCode usage { inputTokens } } }
  ... on Error { code message retryable requestId }
  ... on CompletionError { retryAfterMs path attempts { number errorCode } }`)
const conditional = `mutation Sometimes($i: CompletionInput!, $with: Boolean!, $without: Boolean = false) {
  createCompletion(input: $i) { ... on Completion { model @include(if: $with) content @skip(if: $without)
    ...Tokens @include(if: $with) } } }
  fragment Tokens on Completion { usage { inputTokens } }`

const operations: [string, unknown][] = [
  ['everything of an answer', asked(everything, words)],
  ['several choices', asked(everything, input('test/words', { choices: 3 }))],
  ['calls of tools', asked(everything, input('test/tools'))],
  ['a refusal', asked(everything, input('test/refuses'))],
  ['a failure', asked(everything, input('test/fails'))],
  ['an answer that breaks off', asked(everything, input('test/breaks'))],
  ['a bug', asked(everything, input('test/bug'))],
  ['a model that is not there', asked(everything, input('test/none'))],
  ['a fault that GraphQL does not see', asked(everything, input('test/words', { topLogprobs: 1 }))],
  ['a fault in a message', asked(everything, { ...words, messages: [{ role: 'TOOL' }] })],
  ['__typename alone', asked(create('__typename'), words)],
  ['aliases', asked(create('a: __typename ... on Completion { b: id c: model d: model }'), words)],
  [
    'an alias of the root',
    asked(
      'mutation ($i: CompletionInput!) { x: createCompletion(input: $i) { __typename } }',
      words,
    ),
  ],
  [
    'a field twice, with other members',
    asked(
      create('... on Completion { usage { inputTokens } id usage { outputTokens inputTokens } }'),
      words,
    ),
  ],
  [
    'fragments, one in another',
    asked(
      create(
        '...A ...B',
        'fragment A on Completion { ...B id } fragment B on Completion { model }',
      ),
      words,
    ),
  ],
  ['a fragment on an interface', asked(create('... on Error { code }'), input('test/none'))],
  ['an inline fragment without a type', asked(create('... { ... { __typename } }'), words)],
  [
    'conditions that are literal',
    asked(
      create(
        '__typename @skip(if: true) ... on Completion @include(if: true) { id @skip(if: false) }',
      ),
      words,
    ),
  ],
  ['nothing that is left of a selection', asked(create('__typename @skip(if: true)'), words)],
  ['conditions that are met', asked(conditional, words, { with: true })],
  ['conditions that are not met', asked(conditional, words, { with: false, without: true })],
  ['a condition that is null', asked(conditional, words, { with: true, without: null })],
  ['a condition that is absent', asked(conditional, words)],
  ['a condition of another type', asked(conditional, words, { with: 'yes' })],
  [
    'a condition at the root',
    asked(
      'mutation ($i: CompletionInput!) { createCompletion(input: $i) @skip(if: true) { __typename } }',
      words,
    ),
  ],
  ['an operation by its name', { ...asked(everything, words), operationName: 'Create' }],
  ['an operation by another name', { ...asked(everything, words), operationName: 'Other' }],
  ['an operation by an empty name', { ...asked(everything, words), operationName: '' }],
  [
    'one of several operations',
    {
      ...asked(`${create('__typename')} query Who { viewer { id } }`, words),
      operationName: 'Create',
    },
  ],
  [
    'two roots',
    asked(
      `mutation ($i: CompletionInput!) { a: createCompletion(input: $i) { __typename }
        b: createCompletion(input: $i) { __typename } }`,
      words,
    ),
  ],
  [
    'a root beside __typename',
    asked(
      `mutation ($i: CompletionInput!) { __typename createCompletion(input: $i) { __typename } }`,
      words,
    ),
  ],
  [
    'more cost than is allowed',
    asked(
      `mutation ($i: CompletionInput!) { ${['a', 'b', 'c'].map((key) => `${key}: createCompletion(input: $i) { __typename }`).join(' ')} }`,
      words,
    ),
  ],
  [
    'a literal in place of the variable',
    {
      query: `mutation { createCompletion(input: { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) { __typename } }`,
    },
  ],
  [
    'a variable in the input',
    {
      query: `mutation ($m: String!) { createCompletion(input: { model: $m, messages: [{ role: USER, content: "Hi" }] }) { __typename } }`,
      variables: { m: 'test/words' },
    },
  ],
  [
    'a variable with a default',
    {
      query: `mutation ($i: CompletionInput = { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) {
        createCompletion(input: $i) { __typename } }`,
    },
  ],
  ['no variables', { query: everything }],
  ['variables that are null', { query: everything, variables: null }],
  ['an input that is null', asked(everything, null)],
  ['an input that is a list', asked(everything, [words])],
  ['an input that is text', asked(everything, 'words')],
  ['a member that is unknown', asked(everything, { ...words, colour: 'red' })],
  ['a member that is missing', asked(everything, { messages })],
  ['a member that is null', asked(everything, { ...words, model: null })],
  ['members that may be null', asked(everything, { ...words, temperature: null, tools: null })],
  [
    'a member __proto__',
    `{"query":${JSON.stringify(everything)},"variables":{"i":{"model":"test/words","messages":[],"__proto__":{"a":1}}}}`,
  ],
  [
    'a variable __proto__',
    `{"query":${JSON.stringify(everything)},"variables":{"i":${JSON.stringify(words)},"__proto__":{"a":1}}}`,
  ],
  ['an enum that is unknown', asked(everything, { ...words, messages: [{ role: 'GOD' }] })],
  ['an enum in lower case', asked(everything, { ...words, messages: [{ role: 'user' }] })],
  ['an enum that is a number', asked(everything, { ...words, messages: [{ role: 1 }] })],
  ['one message in place of a list', asked(everything, { ...words, messages: messages[0] })],
  ['a text in place of a list', asked(everything, { ...words, stop: 'x' })],
  ['a null in a list', asked(everything, { ...words, stop: ['x', null] })],
  ['an integer that is no integer', asked(everything, { ...words, maxTokens: 1.5 })],
  ['an integer that is too large', asked(everything, { ...words, maxTokens: 2 ** 31 })],
  ['an integer as text', asked(everything, { ...words, maxTokens: '7' })],
  ['an integer that is a float without a rest', asked(everything, { ...words, maxTokens: 7.0 })],
  ['a float as text', asked(everything, { ...words, temperature: '0.7' })],
  ['a number in place of text', asked(everything, { ...words, model: 7 })],
  [
    'a number in place of an id',
    asked(everything, { ...words, messages: [{ role: 'USER', parts: [{ imageId: 7 }] }] }),
  ],
  ['a number in place of a boolean', asked(everything, { ...words, logprobs: 1 })],
  ['JSON of any kind', asked(everything, { ...words, tags: { a: 1, b: 'x', c: true } })],
  [
    'JSON with null in it',
    asked(everything, { ...words, passthrough: { a: null, b: [null, {}] } }),
  ],
  ['JSON that is too deep', asked(everything, { ...words, passthrough: nested(200) })],
  [
    'one of several parts',
    asked(everything, { ...words, messages: [{ role: 'USER', parts: [{ text: 'Hi' }] }] }),
  ],
  [
    'two of several parts',
    asked(everything, {
      ...words,
      messages: [{ role: 'USER', parts: [{ text: 'Hi', imageId: 'x' }] }],
    }),
  ],
  [
    'none of several parts',
    asked(everything, { ...words, messages: [{ role: 'USER', parts: [{}] }] }),
  ],
  [
    'null of several parts',
    asked(everything, { ...words, messages: [{ role: 'USER', parts: [{ text: null }] }] }),
  ],
  ['variables that nothing asks for', asked(everything, words, { other: { a: 1 } })],
  ['extensions', { ...asked(everything, words), extensions: { clientLibrary: { name: 'x' } } }],
  ['extensions that are a list', { ...asked(everything, words), extensions: [] }],
  ['a member beside them', { ...asked(everything, words), id: 1 }],
  ['a member beside them that is null', { ...asked(everything, words), id: null }],
  ['a document by its id', { documentId: 'by-id', variables: { i: words } }],
  [
    'a document by its hash',
    { extensions: { persistedQuery: { sha256Hash: 'by-id' } }, variables: { i: words } },
  ],
  ['the text of a listed document', asked(byId, words)],
  ['a batch of them', [asked(everything, words), asked(everything, input('test/none'))]],
  [
    'an embedding of a model that makes none',
    {
      query: `mutation ($i: EmbeddingInput!) { createEmbedding(input: $i) { __typename
        ... on EmbeddingError { code message attempts { number } } } }`,
      variables: { i: { model: 'test/words', input: ['a'] } },
    },
  ],
]

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = { a: value }
  return value
}

test.each(operations)(
  '%s is answered as by Yoga, also when it is sent again',
  async (_name, body) => {
    for (const accept of ['application/json', 'application/graphql-response+json', '*/*']) {
      const [our, yoga] = await Promise.all([
        exchange(ours.url, bytesOf(body), { accept }),
        exchange(yogas.url, bytesOf(body), { accept }),
      ])
      expect(our).toEqual(yoga)
    }
  },
)

test('what a key may not is asked for each call', async () => {
  const body = bytesOf(asked(everything, words))
  const headers = { authorization: 'Bearer reader' }
  const answer = await exchange(ours.url, body, headers)
  expect(answer).toEqual(await exchange(yogas.url, body, headers))
  expect(answer.body).toContain('"code":"PERMISSION_DENIED"')
})
