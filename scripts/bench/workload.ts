/** What clients do in one row of the table. */
export type Work =
  | { kind: 'request'; method: 'GET' | 'POST'; path: string; body?: string; expected: string }
  | { kind: 'sse'; path: string; body: string }
  | { kind: 'websocket'; path: string; query: string; variables: object }

export interface Row {
  id: RowId
  title: string
  /** What the CPU time is divided by. */
  unit: 'request' | 'token'
  work: (model: string) => Work
  /** Whether it is sent with the key that has limits and a budget. */
  limited?: true
  /** What the bare proxy does in its place. */
  bare: Work
  /** Other work for the gateway in the same rounds, of which this row is the dearer form. */
  beside?: { title: string; work: (model: string) => Work }
}

export type RowId =
  | 'rest-json'
  | 'admission'
  | 'rest-hit'
  | 'rest-routed'
  | 'rest-sse'
  | 'graphql-mutation'
  | 'graphql-ws'
  | 'models'

/** Connections of clients that wait for whole answers. */
export const connections = 64
/** Streams at full load, and how fast the provider sends each: slower than what any of the servers can do. */
export const streams = 100
export const tokensPerSecond = 50
/** Tokens of one streamed answer. */
export const tokensPerAnswer = 150

/** The model as the provider knows it. */
export const upstreamModel = 'gpt-4o-mini'

/** A virtual model of the bench's gateway, among whose deployments each request is decided. */
export const manyDeployments = 'many'
export const deploymentsOfMany = 200

const question =
  'Tell me, in two or three short sentences and without any list, why the sky over the sea looks blue at noon and red at dusk.'
const messages = [{ role: 'user', content: question }]

/** 700 bytes of JSON, as the provider sends it. */
export const answer = JSON.stringify({
  id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012',
  object: 'chat.completion',
  created: 1_750_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content:
          'Sunlight is made of all colours, and air scatters the short blue waves more than the long red ones. At dusk the light takes a longer way.',
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 36,
    completion_tokens: 31,
    total_tokens: 67,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
})

const mutation = `mutation Bench($input: CompletionInput!) {
  createCompletion(input: $input) {
    ... on Completion { id model content finishReason usage { inputTokens outputTokens totalTokens } }
    ... on Error { code message }
  }
}`

const subscription = `subscription Bench($input: CompletionInput!) {
  completion(input: $input) {
    __typename
    ... on TextDelta { text }
    ... on CompletionFinished { completion { usage { inputTokens outputTokens totalTokens } } }
    ... on CompletionFailed { error { code message } }
  }
}`

export const rows: readonly Row[] = [
  {
    id: 'rest-json',
    title: 'REST JSON',
    unit: 'request',
    work: restJson,
    bare: restJson(upstreamModel),
  },
  {
    id: 'admission',
    title: 'REST JSON, limits and budget',
    unit: 'request',
    limited: true,
    work: restJson,
    beside: { title: 'without limits', work: restJson },
    bare: restJson(upstreamModel),
  },
  {
    id: 'rest-hit',
    title: 'REST JSON, kept answer',
    unit: 'request',
    work: restHit,
    bare: restJson(upstreamModel),
  },
  {
    id: 'rest-routed',
    title: `REST JSON, ${deploymentsOfMany} deployments`,
    unit: 'request',
    work: () => restJson(manyDeployments),
    bare: restJson(upstreamModel),
    beside: { title: 'REST JSON', work: restJson },
  },
  {
    id: 'rest-sse',
    title: 'REST SSE',
    unit: 'token',
    work: restSse,
    bare: restSse(upstreamModel),
  },
  {
    id: 'graphql-mutation',
    title: 'GraphQL mutation',
    unit: 'request',
    work: (model) => ({
      kind: 'request',
      method: 'POST',
      path: '/graphql',
      body: JSON.stringify({ query: mutation, variables: graphqlVariables(model) }),
      expected: '"content":"Sunlight',
    }),
    bare: restJson(upstreamModel),
  },
  {
    id: 'graphql-ws',
    title: 'GraphQL subscription',
    unit: 'token',
    work: (model) => ({
      kind: 'websocket',
      path: '/graphql',
      query: subscription,
      variables: graphqlVariables(model),
    }),
    bare: restSse(upstreamModel),
  },
  { id: 'models', title: 'Model list', unit: 'request', work: modelList, bare: modelList() },
]

function restJson(model: string): Work {
  return {
    kind: 'request',
    method: 'POST',
    path: '/v1/chat/completions',
    body: JSON.stringify({ model, messages, temperature: 0.7 }),
    expected: '"content":"Sunlight',
  }
}

/** The bench's gateway keeps answers of requests that ask for it: all but the first are hits. */
function restHit(model: string): Work {
  const xrouter = { cache: { mode: 'on' } }
  return {
    kind: 'request',
    method: 'POST',
    path: '/v1/chat/completions',
    body: JSON.stringify({ model, messages, temperature: 0.7, xrouter }),
    expected: '"content":"Sunlight',
  }
}

function restSse(model: string): Work {
  const body = JSON.stringify({ model, messages, temperature: 0.7, stream: true })
  return { kind: 'sse', path: '/v1/chat/completions', body }
}

function modelList(): Work {
  return { kind: 'request', method: 'GET', path: '/v1/models', expected: '"object":"list"' }
}

function graphqlVariables(model: string) {
  return { input: { model, messages: [{ role: 'USER', content: question }], temperature: 0.7 } }
}
