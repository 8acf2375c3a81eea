import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Simulator } from './server.ts'

export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** The code of the error that ended the body early. */
  broken?: string
}

export interface PostOptions {
  path?: string
  key?: string
}

/** Posts on a connection of its own and reads to the end, whether the body is whole or not. */
export async function post(
  simulator: Simulator,
  body: unknown,
  options: PostOptions = {},
): Promise<HttpAnswer> {
  const { response } = await open(simulator, body, options)
  return read(response)
}

/** Posts and resolves at the answer's head; the body is the test's to read or to cut. */
export async function open(simulator: Simulator, body: unknown, options: PostOptions = {}) {
  const { path = '/chat/completions', key = 'sk-simulated' } = options
  const outgoing = request(simulator.url + path, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      ...(key && { authorization: `Bearer ${key}` }),
    },
  })
  outgoing.end(typeof body === 'string' ? body : JSON.stringify(body))
  const [response] = await once(outgoing, 'response')
  // A connection that breaks later is reported by the response's body.
  outgoing.on('error', () => undefined)
  return { outgoing, response: incoming(response) }
}

export async function read(response: IncomingMessage): Promise<HttpAnswer> {
  let body = ''
  const head = { status: response.statusCode ?? 0, headers: response.headers }
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) body += String(chunk)
  } catch (error) {
    return { ...head, body, broken: codeOf(error) }
  }
  return { ...head, body }
}

/** The JSON of the data frames, without the terminator. */
export function framesOf(body: string) {
  const data = body.split('\n\n').map((frame) => frame.slice('data: '.length))
  return data.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** The `response` event of a client request carries exactly one IncomingMessage. */
function incoming(response: unknown): IncomingMessage {
  return response as IncomingMessage
}
