import { GatewayError } from '../errors.ts'
import type { UpstreamFailure } from '../protocol/chat-api.ts'
import type { UpstreamBody, UpstreamResponse } from './upstream-exchange.ts'

const jsonBytesMax = 64 * 1024 * 1024
const errorBytesMax = 256 * 1024
const errorMsMax = 5_000

interface Dialect {
  decodeError(failure: UpstreamFailure): GatewayError
}

export function isRefused(statusCode: number): boolean {
  return statusCode < 200 || statusCode > 299
}

/** The parsed body of an answer that is JSON; a refusal is thrown in its dialect's reading. */
export async function readJson(response: UpstreamResponse, dialect: Dialect): Promise<unknown> {
  if (isRefused(response.statusCode)) throw await readFailure(response, dialect)
  return readBody(response)
}

/** The failure that an answer with an error status is. */
export async function readFailure(
  { statusCode, headers, body }: UpstreamResponse,
  dialect: Dialect,
): Promise<GatewayError> {
  const text = await readErrorText(body)
  return dialect.decodeError({ status: statusCode, body: parseJson(text) ?? text, headers })
}

/** The parsed body of a whole answer. */
export async function readBody({ statusCode, headers, body }: UpstreamResponse): Promise<unknown> {
  const parsed = parseJson(await readText(body))
  if (parsed === undefined) throw notJson(statusCode, headers['content-type'])
  return parsed
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    chunks.push(chunk)
    if (bytes > jsonBytesMax) throw answerTooLarge()
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What comes of an error's body in short time: its status says enough, so a body that breaks or stalls is none. */
async function readErrorText(body: UpstreamBody): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const timer = setTimeout(() => body.destroy(), errorMsMax)
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      chunks.push(chunk)
      if (bytes > errorBytesMax) break
    }
  } catch {
    // Cut: what came before it is all that there is.
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function answerTooLarge(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The provider sent an answer of more than ${jsonBytesMax} bytes.`,
  })
}

function notJson(status: number, contentType: string | string[] | undefined): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The provider answered ${status} with a body that is no valid JSON (content-type ${String(contentType ?? 'absent').slice(0, 80)}).`,
    upstreamStatus: status,
  })
}
