const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', content: '2' },
  { role: 'user', content: 'one two three' },
]
const tools = [
  {
    type: 'function',
    function: {
      name: 'f',
      description: 'd',
      parameters: { type: 'object', properties: { a: { type: 'number' } } },
      strict: true,
    },
  },
]

/** Completions that are answered with 200 when nothing is changed. */
export const restCompletions: readonly object[] = ['demo/echo', 'openai/gpt-4o-mini'].flatMap(
  (model) => [
    { model, messages: [{ role: 'user', content: 'Hello there' }] },
    {
      model,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hello there' }],
    },
    {
      model,
      max_tokens: 5,
      n: 2,
      messages: messages.filter(({ role }) => role !== 'tool' && role !== 'assistant'),
      xrouter: { tags: { team: 'a', n: 1 }, fallbacks: ['demo/echo'] },
    },
  ],
)

/** Valid ones of which the demo refuses a part: it calls no tools. */
export const richCompletions = [
  ...restCompletions,
  {
    model: 'openai/gpt-4o-mini',
    messages,
    tools,
    tool_choice: 'auto',
    temperature: 0.5,
    top_p: 0.9,
    stop: ['x'],
    seed: 1,
    logprobs: true,
    top_logprobs: 2,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'n', schema: { type: 'object' } },
    },
    metadata: { a: 'b' },
  },
  { model: 'demo/echo', messages, tools, stream: true },
]

const input = {
  model: 'demo/echo',
  messages: [
    { role: 'USER', content: 'Hello' },
    { role: 'USER', parts: [{ text: 'there' }] },
  ],
  temperature: 1,
  maxTokens: 9,
  tags: { a: 1 },
  stop: ['x'],
  routing: { denyProviders: ['none'] },
}

/** GraphQL bodies that are answered without an error when nothing is changed. */
export const graphqlBodies: readonly object[] = [
  {
    query:
      '{ viewer { id kind scopes } models(provider: "demo") { id prices { perMillion { amount } } } }',
  },
  {
    query:
      'query Q($first: Int = 3, $after: String) { requests(first: $first, after: $after) { edges { cursor node { id attempts { usage { cost { amount } } } apiKey { id } } } pageInfo { endCursor } } }',
    variables: { first: 2 },
    operationName: 'Q',
  },
  {
    query:
      'mutation ($input: CompletionInput!) { createCompletion(input: $input) { __typename ... on Completion { content } ... on CompletionError { code message } } }',
    variables: { input },
  },
  {
    query:
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } } }',
    variables: {
      input: {
        name: 'a',
        scopes: ['READ'],
        models: ['demo/echo'],
        expiresAt: '2030-01-01T00:00:00Z',
      },
    },
  },
  {
    query: '{ __type(name: "Query") { fields { name args { name type { name } } } } }',
    extensions: { a: 1 },
  },
]
