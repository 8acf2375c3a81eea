import type { IncomingMessage } from 'node:http'
import { GatewayError, invalidRequest } from '../errors.ts'
import { parseSafeJson } from '../lib/safe-json.ts'

/** A body that cannot be read: its connection holds bytes that nobody will read. */
export class UnreadableBody extends GatewayError {
  constructor(error: GatewayError) {
    super({ code: error.code, message: error.message })
  }
}

/**
 * The body of a request: JSON as its value, plain text as it is, undefined where there is none. Throws
 * REQUEST_TOO_LARGE for more than `bytesMax`, INVALID_REQUEST for another type or for what is no JSON.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<unknown> | undefined {
  const type = request.headers['content-type']
  if (type === undefined) {
    if (hasNoBody(request)) return undefined
    throw wrongMediaType()
  }
  const mediaType = type === json ? json : mediaTypeOf(type)
  if (mediaType !== json && mediaType !== 'text/plain') throw wrongMediaType()
  const text = read(request, bytesMax, textOf)
  return mediaType === json ? text.then(parse) : text
}

/** The bytes of a body that says it is JSON, undefined for every other one; throws REQUEST_TOO_LARGE. */
export function readJsonBytes(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer> | undefined {
  const type = request.headers['content-type'] ?? ''
  if (type !== json && mediaTypeOf(type) !== json) return undefined
  return read(request, bytesMax, (whole) => whole)
}

const json = 'application/json'

function hasNoBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] === undefined && (length === undefined || length === '0')
}

/** The type of a header `content-type` without its parameters; undefined where it is malformed. */
function mediaTypeOf(header: string): string | undefined {
  return mediaTypePattern.exec(header)?.[1]?.toLowerCase()
}

const mediaTypePattern = /^\s*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)\s*(?:;|$)/

/** What `make` makes of the whole body. */
function read<T>(
  request: IncomingMessage,
  bytesMax: number,
  make: (whole: Buffer) => T,
): Promise<T> {
  if (Number(request.headers['content-length']) > bytesMax) {
    throw new UnreadableBody(bodyTooLarge(bytesMax))
  }
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const pieces: Buffer[] = []
  let bytes = 0
  request.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes <= bytesMax) pieces.push(piece)
    else reject(new UnreadableBody(bodyTooLarge(bytesMax)))
  })
  request.once('end', () => {
    const [first] = pieces
    resolve(make(first && pieces.length === 1 ? first : Buffer.concat(pieces, bytes)))
  })
  request.once('error', () => reject(new UnreadableBody(malformedRequest())))
  return promise
}

/** All pieces are decoded at once, so that no character is cut. */
function textOf(whole: Buffer): string {
  return whole.toString('utf8')
}

function parse(text: string): unknown {
  try {
    return parseSafeJson(text)
  } catch {
    throw new UnreadableBody(notJson())
  }
}

/** What is refused of a body, whoever reads it. */
export function bodyTooLarge(bytesMax: number): GatewayError {
  return new GatewayError({
    code: 'REQUEST_TOO_LARGE',
    message: `The body is larger than ${bytesMax} bytes (server.body_limit_bytes).`,
  })
}

export function notJson(): GatewayError {
  return invalidRequest(undefined, 'The body is not valid JSON.')
}

export const mediaTypeWords = 'Send the body as `content-type: application/json`.'

function wrongMediaType(): GatewayError {
  return invalidRequest(undefined, mediaTypeWords)
}

export function malformedRequest(): GatewayError {
  return invalidRequest(undefined, 'The HTTP request is malformed.')
}
