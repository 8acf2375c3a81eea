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
const richCompletions = [
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

const question = [{ role: 'user', content: [{ type: 'text', text: 'Hello there' }] }]

/** For each REST route that takes a body: bodies that are answered with 200 when nothing is changed. */
export const restBodies: Readonly<Record<string, readonly object[]>> = {
  '/v1/chat/completions': restCompletions,
  '/v1/completions': [
    { model: 'demo/echo', prompt: 'Hello there', max_tokens: 5 },
    { model: 'openai/gpt-4o-mini', prompt: ['Hello there'], stream: true, echo: true },
  ],
  '/v1/messages': ['demo/echo', 'openai/gpt-4o-mini'].flatMap((model) => [
    { model, max_tokens: 9, system: 'Be brief.', messages: question },
    { model, max_tokens: 9, stream: true, messages: question, temperature: 0.5 },
  ]),
  '/v1/messages/count_tokens': [{ model: 'demo/echo', messages: question }],
  '/v1/responses': ['demo/echo', 'openai/gpt-4o-mini'].flatMap((model) => [
    { model, input: 'Hello there', store: false, max_output_tokens: 20 },
    {
      model,
      stream: true,
      instructions: 'Be brief.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello there' }] }],
      metadata: { a: 'b' },
    },
  ]),
  '/v1/embeddings': [
    { model: 'openai/text-embedding-3-small', input: ['Hello', 'there'], dimensions: 8 },
    { model: 'openai/text-embedding-3-small', input: 'Hello', encoding_format: 'base64' },
  ],
}

/** The same, and bodies that are valid and rich, whether or not they are answered. */
export const richRestBodies: typeof restBodies = {
  ...restBodies,
  '/v1/chat/completions': richCompletions,
  '/v1/messages': [
    ...(restBodies['/v1/messages'] ?? []),
    {
      model: 'openai/gpt-4o-mini',
      max_tokens: 99,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [
        ...question,
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: '2' }] },
      ],
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' } }],
      tool_choice: { type: 'auto' },
      stop_sequences: ['x'],
      metadata: { user_id: 'u' },
    },
  ],
  '/v1/responses': [
    ...(restBodies['/v1/responses'] ?? []),
    {
      model: 'openai/gpt-4o-mini',
      input: [
        { type: 'message', role: 'user', content: 'Hello' },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
        { type: 'function_call_output', call_id: 'c1', output: '2' },
      ],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }],
      tool_choice: 'auto',
      previous_response_id: 'resp_none',
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' } } },
    },
  ],
}

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
