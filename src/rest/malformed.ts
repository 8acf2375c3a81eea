import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { encodeErrorBody } from '../dialects/openai-chat/encode-error.ts'
import { isDeeperThan, jsonDepthMax } from '../lib/json-depth.ts'
import { invalidRequest, InvalidHttpRequest } from '../errors.ts'

/** Refuses a request by its headers alone. Compressed bodies are never inflated: a few bytes of one may stand for gigabytes. */
export function refuseMalformed(headers: IncomingHttpHeaders): void {
  const { host, 'content-encoding': encoding } = headers
  if (host && host !== lastHost) {
    if (!URL.canParse(`http://${host}`)) {
      throw invalidRequest(undefined, 'The header `host` is no host.')
    }
    lastHost = host
  }
  if (!encoding || encoding.toLowerCase() === 'identity') return
  throw new InvalidHttpRequest(415, 'Send the body as it is, without `content-encoding`.')
}

/** Most requests name the same host: it was found to be one. */
let lastHost: string | undefined

/** Refuses a body that is nested so deep that whoever writes it again would run out of stack. */
export function refuseDeep(body: unknown): void {
  if (!isDeeperThan(body, jsonDepthMax)) return
  throw invalidRequest(undefined, `The body is nested deeper than ${jsonDepthMax} levels.`)
}

/** Connections on which something malformed has arrived already. */
const malformedSockets = new WeakSet<Socket>()

/** Answers bytes that are no HTTP, after the answers to the requests before them, and ends the connection. */
export function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  if (malformedSockets.has(socket)) return
  malformedSockets.add(socket)
  refuseInTurn(error, socket)
}

function refuseInTurn(error: Error & { code?: string }, socket: NodeSocket): void {
  const { _httpMessage: answer } = socket
  if (!socket.writable) return void socket.destroy()
  if (answer?.req.complete) return void answer.once('close', () => refuseInTurn(error, socket))
  // What is malformed is the rest of the very request that is being answered: nobody can tell two answers apart.
  if (answer?.headersSent) return void socket.destroy()
  refuse(error, socket)
}

/** Node itself looks at this member where nobody listens to its errors; there is no other way to know. */
interface NodeSocket extends Socket {
  _httpMessage?: ServerResponse | null
}

function refuse({ code = '' }: Error & { code?: string }, socket: Socket): void {
  const { line, message } = answers[code] ?? malformed
  const body = JSON.stringify(encodeErrorBody(invalidRequest(undefined, message)))
  const head = [
    `HTTP/1.1 ${line}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

interface MalformedAnswer {
  line: string
  message: string
}

const malformed: MalformedAnswer = {
  line: '400 Bad Request',
  message: 'The HTTP request is malformed.',
}

const answers: Record<string, MalformedAnswer> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    line: '408 Request Timeout',
    message: 'The HTTP request did not arrive in time.',
  },
  HPE_HEADER_OVERFLOW: {
    line: '431 Request Header Fields Too Large',
    message: 'The headers of the HTTP request are too large.',
  },
}
