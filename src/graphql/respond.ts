import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { InvalidHttpRequest, type GatewayError } from '../errors.ts'
import type { ReplayedAnswer } from '../idempotency.ts'
import type { JsonAnswer } from './json-answer.ts'

/** Aborted when the client leaves before the answer is out. */
export function leftSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (res.destroyed) controller.abort()
  res.once('close', () => {
    if (!res.writableFinished) controller.abort()
  })
  return controller.signal
}

/** Sends a failure before any operation was read, as a GraphQL answer. */
export function sendError(res: ServerResponse, error: GatewayError, requestId: string): void {
  if (res.headersSent) return void res.destroy()
  if (error.retryAfterMs !== undefined) {
    res.setHeader('retry-after', Math.ceil(error.retryAfterMs / 1000))
  }
  if (error.status === 401) res.setHeader('www-authenticate', 'Bearer')
  sendJson(res, error.status, errorBody(error, requestId))
}

/** No answer fits `accept`; Yoga says so without a body. */
export function notAcceptable(): InvalidHttpRequest {
  return new InvalidHttpRequest(
    406,
    'No media type in `accept` fits the answer; ask for application/json, or text/event-stream for a subscription.',
  )
}

/** The failure of a whole request in the form of GraphQL. */
export function errorBody({ code, message, retryable }: GatewayError, requestId: string) {
  return { errors: [{ message, extensions: { code, retryable, requestId } }] }
}

export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  end(res, status, { 'content-type': `${jsonType(res)}; charset=utf-8` }, JSON.stringify(body))
}

export function end(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): void {
  res.writeHead(status, headers).end(body)
}

/** Sends an answer that was given before. */
export function sendReplay(res: ServerResponse, { status, headers, body }: ReplayedAnswer): void {
  end(res, status, { ...headers, 'content-length': body.length }, body)
}

/** Puts the headers of every answer, names and values in turn, on one that is made in several steps. */
export function headed(res: ServerResponse, head: readonly string[]): ServerResponse {
  if (res.headersSent) return res
  for (let at = 0; at < head.length; at += 2) res.setHeader(head[at] ?? '', head[at + 1] ?? '')
  return res
}

/** Sends an answer in JSON with all of its headers at once, unless the client has left. */
export function sendJsonAnswer(
  answer: JsonAnswer,
  res: ServerResponse,
  head: readonly string[] = [],
): void {
  if (res.destroyed) return
  const { status, headers, body } = answer
  const all = [...head]
  for (const name in headers) all.push(name, headers[name] ?? '')
  if (body !== null) all.push('content-length', String(Buffer.byteLength(body)))
  res.writeHead(status, all).end(body)
}

/** Sends a Fetch response; a stream waits for the socket and ends at once when the client leaves. */
export async function sendResponse(response: Response, res: ServerResponse): Promise<void> {
  if (res.destroyed) return
  res.statusCode = response.status
  for (const [name, value] of response.headers) res.setHeader(name, value)
  const { body } = response
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  if (!body || !isStream) return void res.end(body ? await response.text() : undefined)
  res.setHeader('x-accel-buffering', 'no')
  res.flushHeaders()
  try {
    await pipeline(body, res)
  } catch (error) {
    if (!res.destroyed) throw error
  }
}

/** Clients that know the newer type read the body of a failure only in it. */
function jsonType({ req }: ServerResponse): string {
  const newer = 'application/graphql-response+json'
  return req.headers.accept?.includes(newer) ? newer : 'application/json'
}
