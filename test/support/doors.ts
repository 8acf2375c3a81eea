import { request as send, type ClientRequest, type IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { TestGateway } from './gateway.ts'

/** A way to ask for a completion and to leave before, while or after it is answered. */
export interface Door {
  name: string
  stream: boolean
  ask(gateway: TestGateway, options?: AskOptions): Visit
}

export interface AskOptions {
  model?: string
  key?: string
  prompt?: string
  /** Reads nothing until `read()`. */
  paused?: boolean
}

/** One client with one request. */
export interface Visit {
  /** Resolves when what was received so far contains `text`; rejects when the visit ends without it. */
  sees(text: string): Promise<void>
  /** Everything that was received. */
  received(): string
  /** Resolves when the answer is whole, or the connection is gone. */
  ended: Promise<void>
  /** Reads on. */
  read(): void
  /** Takes nothing more from its connection. */
  pause(): void
  /** Goes away at once. */
  leave(): void
}

const fields = `
  __typename
  ... on TextDelta { text }
  ... on CompletionFinished { completion { content } }
  ... on CompletionFailed { error { code } }`

export const doors: readonly Door[] = [
  { name: 'REST SSE', stream: true, ask: overHttp(restBody(true)) },
  { name: 'REST JSON', stream: false, ask: overHttp(restBody(false)) },
  { name: 'Messages SSE', stream: true, ask: overHttp(messagesBody(true)) },
  { name: 'Messages JSON', stream: false, ask: overHttp(messagesBody(false)) },
  { name: 'GraphQL mutation', stream: false, ask: overHttp(graphqlBody('mutation')) },
  { name: 'GraphQL SSE', stream: true, ask: overHttp(graphqlBody('subscription')) },
  { name: 'graphql-ws complete', stream: true, ask: overSocket('subscription', 'complete') },
  { name: 'graphql-ws terminate', stream: true, ask: overSocket('subscription', 'terminate') },
  { name: 'graphql-ws mutation', stream: false, ask: overSocket('mutation', 'complete') },
]

type Question = Required<Pick<AskOptions, 'model' | 'prompt'>>

interface Post {
  path: string
  body: string
  accept: string
}

function restBody(stream: boolean): (question: Question) => Post {
  return ({ model, prompt }) => ({
    path: '/v1/chat/completions',
    accept: '*/*',
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: prompt }] }),
  })
}

function messagesBody(stream: boolean): (question: Question) => Post {
  return ({ model, prompt }) => ({
    path: '/v1/messages',
    accept: '*/*',
    body: JSON.stringify({
      model,
      stream,
      max_tokens: 1000,
      messages: [{ role: 'user', content: prompt }],
    }),
  })
}

function graphqlBody(kind: 'mutation' | 'subscription'): (question: Question) => Post {
  return (question) => ({
    path: '/graphql',
    accept: kind === 'mutation' ? 'application/json' : 'text/event-stream',
    body: JSON.stringify({ query: operation(kind, question) }),
  })
}

function operation(kind: 'mutation' | 'subscription', { model, prompt }: Question): string {
  const input = `{ model: "${model}", messages: [{ role: USER, content: "${prompt}" }] }`
  return kind === 'mutation'
    ? `mutation { createCompletion(input: ${input}) {
        __typename ... on Completion { content } ... on CompletionError { code } } }`
    : `subscription { completion(input: ${input}) { ${fields} } }`
}

function questionOf({ model = 'openai/gpt-4o', prompt = 'hello' }: AskOptions): Question {
  return { model, prompt }
}

/** On a connection of its own. */
function overHttp(post: (question: Question) => Post): Door['ask'] {
  return (gateway, options = {}) => {
    const { key = gateway.adminKey, paused = false } = options
    const { path, body, accept } = post(questionOf(options))
    const seen = new Sight()
    const outgoing: ClientRequest = send(gateway.url + path, {
      method: 'POST',
      agent: false,
      headers: {
        accept,
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    })
    let incoming: IncomingMessage | undefined
    let isPaused = paused
    const pause = (): void => {
      isPaused = true
      incoming?.pause()
    }
    const read = (): void => {
      isPaused = false
      incoming?.resume()
    }
    outgoing.on('response', (response) => {
      incoming = response.on('data', (chunk) => seen.add(String(chunk)))
      incoming.on('end', () => seen.end()).on('error', () => seen.end())
      if (isPaused) pause()
    })
    outgoing.on('close', () => seen.end()).on('error', () => seen.end())
    outgoing.end(body)
    return { ...seen.visit(), read, pause, leave: () => void outgoing.destroy() }
  }
}

/** In the protocol `graphql-transport-ws`, written by hand so that the test holds the socket. */
function overSocket(
  kind: 'mutation' | 'subscription',
  farewell: 'complete' | 'terminate',
): Door['ask'] {
  return (gateway, options = {}) => {
    const { key = gateway.adminKey, paused = false } = options
    const seen = new Sight()
    const socket = new WebSocket(
      `${gateway.url.replace('http', 'ws')}/graphql`,
      'graphql-transport-ws',
    )
    const tell = (message: object): void => socket.send(JSON.stringify(message))
    const authorization = `Bearer ${key}`
    socket.on('open', () => tell({ type: 'connection_init', payload: { authorization } }))
    socket.on('message', (data: Buffer) => {
      const message: { type?: string } = JSON.parse(data.toString())
      if (message.type === 'connection_ack') {
        tell({
          id: '1',
          type: 'subscribe',
          payload: { query: operation(kind, questionOf(options)) },
        })
        if (paused) socket.pause()
      }
      if (message.type === 'next') seen.add(data.toString())
      if (message.type === 'complete') seen.end()
    })
    socket.on('close', () => seen.end()).on('error', () => seen.end())
    void seen.visit().ended.then(() => socket.close())
    const leave = (): void => {
      if (farewell === 'terminate') return socket.terminate()
      tell({ id: '1', type: 'complete' })
      seen.end()
    }
    return { ...seen.visit(), read: () => socket.resume(), pause: () => socket.pause(), leave }
  }
}

/** What a client has received, and who waits for a part of it. */
class Sight {
  #text = ''
  #isEnded = false
  readonly #waiting = new Set<() => void>()
  readonly #ended = Promise.withResolvers<void>()

  add(text: string): void {
    this.#text += text
    for (const check of this.#waiting) check()
  }

  end(): void {
    this.#isEnded = true
    for (const check of this.#waiting) check()
    this.#ended.resolve()
  }

  visit(): Pick<Visit, 'sees' | 'received' | 'ended'> {
    return {
      sees: (text) => this.#sees(text),
      received: () => this.#text,
      ended: this.#ended.promise,
    }
  }

  #sees(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (this.#text.includes(text)) resolve()
        else if (this.#isEnded) reject(new Error(`ended without ${text}: ${this.#text}`))
        else return
        this.#waiting.delete(check)
      }
      this.#waiting.add(check)
      check()
    })
  }
}
