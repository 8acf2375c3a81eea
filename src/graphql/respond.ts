import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { GatewayError } from '../errors.ts'

/** Aborted when the client leaves before the answer is out. */
export function leftSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (res.destroyed) controller.abort()
  res.once('close', () => {
    if (!res.writableFinished) controller.abort()
  })
  return controller.signal
}

/** A failure before any operation was read, as a GraphQL answer. */
export function sendError(res: ServerResponse, error: GatewayError, requestId: string): void {
  if (res.headersSent) return void res.destroy()
  if (error.status === 401) res.setHeader('www-authenticate', 'Bearer')
  sendJson(res, error.status, errorBody(error, requestId))
}

/** The failure of a whole request in the form of GraphQL. */
export function errorBody({ code, message, retryable }: GatewayError, requestId: string) {
  return { errors: [{ message, extensions: { code, retryable, requestId } }] }
}

export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  end(res, status, { 'content-type': 'application/json; charset=utf-8' }, JSON.stringify(body))
}

export function end(
  res: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): void {
  res.writeHead(status, headers).end(body)
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
