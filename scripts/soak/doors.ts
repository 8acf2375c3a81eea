import { EventSourceParserStream } from 'eventsource-parser/stream'
import { createClient, type Client } from 'graphql-ws'
import { z } from 'zod'

/** One completion by one door. */
export interface Visit {
  url: string
  key: string
  model: string
  text: string
  /** Aborted when the client leaves. */
  signal: AbortSignal
  /** Called at the first word of a streamed answer. */
  onContent: () => void
}

export interface Visited {
  ok: boolean
  /** The request's id, where the door tells it. */
  id: string | undefined
}

export type Door = (visit: Visit) => Promise<Visited>

export const doors = {
  'rest json': restJson,
  'rest sse': restSse,
  'graphql mutation': graphqlMutation,
  'graphql sse': graphqlSse,
  'graphql websocket': graphqlWebSocket,
  'graphql websocket of its own': graphqlOwnWebSocket,
} satisfies Record<string, Door>

export type DoorName = keyof typeof doors

export const streamingDoors: readonly DoorName[] = [
  'rest sse',
  'graphql sse',
  'graphql websocket',
  'graphql websocket of its own',
]

const mutation = `mutation Soak($input: CompletionInput!) {
  createCompletion(input: $input) { __typename }
}`

const subscription = `subscription Soak($input: CompletionInput!) {
  completion(input: $input) {
    type: __typename
    completionId
    ... on TextDelta { text }
  }
}`

async function restJson(visit: Visit): Promise<Visited> {
  const response = await post(visit, '/v1/chat/completions', restBody(visit, false))
  await response.text()
  return { ok: response.ok, id: idOf(response) }
}

async function restSse(visit: Visit): Promise<Visited> {
  const response = await post(visit, '/v1/chat/completions', restBody(visit, true))
  const id = idOf(response)
  if (!response.ok) {
    await response.text()
    return { ok: false, id }
  }
  let ok = false
  for await (const { data } of eventsOf(response)) {
    if (data === '[DONE]') ok = true
    else if (/"content":"[^"]/.test(data)) visit.onContent()
  }
  return { ok, id }
}

async function graphqlMutation(visit: Visit): Promise<Visited> {
  const body = { query: mutation, variables: graphqlVariables(visit) }
  const response = await post(visit, '/graphql', body)
  return { ok: (await response.text()).includes('"Completion"'), id: idOf(response) }
}

async function graphqlSse(visit: Visit): Promise<Visited> {
  const body = { query: subscription, variables: graphqlVariables(visit) }
  const response = await post(visit, '/graphql', body, 'text/event-stream')
  const visited: Visited = { ok: false, id: idOf(response) }
  for await (const { event, data } of eventsOf(response)) {
    if (event === 'next') note(visit, visited, JSON.parse(data))
  }
  return visited
}

let shared: { key: string; client: Client } | undefined

function graphqlWebSocket(visit: Visit): Promise<Visited> {
  if (shared?.key !== visit.key) shared = { key: visit.key, client: clientOf(visit) }
  return subscribe(visit, shared.client)
}

async function graphqlOwnWebSocket(visit: Visit): Promise<Visited> {
  const client = clientOf(visit)
  try {
    return await subscribe(visit, client)
  } finally {
    await client.dispose()
  }
}

/** Closes the socket that several requests have used. */
export async function closeShared(): Promise<void> {
  await shared?.client.dispose()
  shared = undefined
}

function clientOf({ url, key }: Visit): Client {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  })
}

function subscribe(visit: Visit, client: Client): Promise<Visited> {
  const visited: Visited = { ok: false, id: undefined }
  return new Promise((resolve, reject) => {
    const leave = client.subscribe(
      { query: subscription, variables: graphqlVariables(visit) },
      {
        next: (result) => note(visit, visited, result),
        error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
        complete: () => resolve(visited),
      },
    )
    visit.signal.addEventListener('abort', leave, { once: true })
  })
}

const resultSchema = z.object({
  data: z.object({ completion: z.object({ type: z.string(), completionId: z.string() }) }),
})

function note(visit: Visit, visited: Visited, result: unknown): void {
  const { completion } = resultSchema.parse(result).data
  visited.id = completion.completionId
  if (completion.type === 'TextDelta') visit.onContent()
  if (completion.type === 'CompletionFinished') visited.ok = true
}

function restBody({ model, text }: Visit, stream: boolean) {
  return { model, stream, messages: [{ role: 'user', content: text }] }
}

function graphqlVariables({ model, text }: Visit) {
  return { input: { model, messages: [{ role: 'USER', content: text }] } }
}

function post(
  visit: Visit,
  path: string,
  body: object,
  accept = 'application/json',
): Promise<Response> {
  return fetch(visit.url + path, {
    method: 'POST',
    headers: {
      accept,
      'content-type': 'application/json',
      authorization: `Bearer ${visit.key}`,
    },
    body: JSON.stringify(body),
    signal: visit.signal,
  })
}

function eventsOf(response: Response) {
  if (!response.body) throw new Error('a stream has a body')
  return response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
}

function idOf(response: Response): string | undefined {
  return response.headers.get('x-request-id') ?? undefined
}
