import { APIError, type OpenAI } from 'openai'
import { startGateway, type TestGateway } from './gateway.ts'
import type { Simulator } from './simulators/server.ts'
import { startYandexSimulator, yandexCredentials } from './simulators/yandex.ts'

export const apis = ['native', 'openai'] as const

/** A gateway before both APIs of the service: `native/…` and `openai/…`, and each with other credentials. */
export interface YandexGateway {
  gateway: TestGateway
  client: OpenAI
  /** The simulator that plays one API. */
  at(api: string): Simulator
  /** A completion through GraphQL. */
  mutate(input: object): Promise<GraphqlAnswer>
  /** The events of a completion through GraphQL. */
  subscribe(input: object): Promise<GraphqlEvent[]>
  /** The SDK's error for a request that must fail. */
  failureOf(body: OpenAI.ChatCompletionCreateParams): Promise<APIError>
  stop(): Promise<void>
}

interface GraphqlAnswer {
  content: string | null
  finishReason: string
  code: string
  toolCalls: { id: string; name: string; arguments: string }[]
  usage: Record<string, number | null> | null
  warnings: string[]
}

interface GraphqlEvent {
  __typename: string
  text?: string
  argumentsDelta?: string
  completion?: { content: string | null; finishReason: string }
  error?: { code: string }
}

export async function startYandexGateway(): Promise<YandexGateway> {
  const native = await startYandexSimulator({ api: 'native' })
  const compatible = await startYandexSimulator({ api: 'openai' })
  const at = (api: string): Simulator => (api === 'native' ? native : compatible)
  const gateway = await startGateway(apis.map((api) => tables(api, at(api).url)).join('\n'))
  const client = gateway.openai()
  return {
    gateway,
    client,
    at,
    mutate: async (input) => {
      const { data } = await gateway.graphql<{ createCompletion: GraphqlAnswer }>(mutation, {
        input,
      })
      return data.createCompletion
    },
    subscribe: (input) => subscribe(gateway, input),
    failureOf: (body) => failureOf(client, body),
    stop: async () => {
      await gateway.stop()
      await native.close()
      await compatible.close()
    },
  }
}

function tables(api: string, url: string): string {
  const { apiKey, expiredApiKey, iamToken, expiredIamToken, folder } = yandexCredentials
  const table = (name: string, credential: string, folderId = folder): string => `
    [providers.${name}]
    type = "yandex"
    api = "${api}"
    base_url = "${url}"
    folder_id = "${folderId}"
    ${credential}`
  return [
    table(api, `api_key = "${apiKey}"`),
    table(`${api}-iam`, `iam_token = "${iamToken}"`),
    table(`${api}-stale`, `iam_token = "${expiredIamToken}"`),
    table(`${api}-old`, `api_key = "${expiredApiKey}"`),
    table(`${api}-wrong`, 'api_key = "AQVNwrong-key"'),
    table(`${api}-else`, `api_key = "${apiKey}"`, 'b1gelsewhere'),
  ].join('\n')
}

const mutation = `mutation ($input: CompletionInput!) {
  createCompletion(input: $input) {
    ... on Completion {
      content finishReason warnings toolCalls { id name arguments }
      usage { inputTokens outputTokens reasoningTokens totalTokens estimated }
    }
    ... on CompletionError { code }
  }
}`

const subscription = `subscription ($input: CompletionInput!) {
  completion(input: $input) {
    __typename
    ... on TextDelta { text }
    ... on RefusalDelta { text }
    ... on ToolCallDelta { argumentsDelta }
    ... on CompletionFinished { completion { content finishReason } }
    ... on CompletionFailed { error { code } }
  }
}`

async function subscribe(gateway: TestGateway, input: object): Promise<GraphqlEvent[]> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.adminKey}`,
    },
    body: JSON.stringify({ query: subscription, variables: { input } }),
  })
  const text = await response.text()
  return [...text.matchAll(/^data: (\{.*\})$/gm)].map(
    ([, json = '']) => JSON.parse(json).data.completion,
  )
}

async function failureOf(
  client: OpenAI,
  body: OpenAI.ChatCompletionCreateParams,
): Promise<APIError> {
  try {
    await client.chat.completions.create(body)
  } catch (error) {
    if (error instanceof APIError) return error
    throw error
  }
  throw new Error('it was answered')
}

/** A message of the user for GraphQL. */
export const user = (content: string) => [{ role: 'USER', content }]

export const hello = [{ role: 'user' as const, content: 'hello there my friend' }]
/** What the simulators answer to it. */
export const echo = 'You said: hello there my friend'

export const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}
