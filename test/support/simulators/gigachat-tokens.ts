import { randomUUID } from 'node:crypto'
import type { HeaderBag, RecordedRequest, Reply, SimulatedProvider } from './provider.ts'

export interface TokenOptions {
  /** The authorization key, base64 of `client_id:client_secret`. */
  credentials: string
  /** The scope that belongs to the credentials. */
  scope: string
  /** How long a token lives; half an hour in reality. */
  lifetimeMs: number
}

/** The access tokens that were issued, and which of them are still good. */
export class TokenBook {
  /** In order of issue. */
  readonly issued: string[] = []
  readonly #good = new Map<string, number>()

  issue(lifetimeMs: number): { access_token: string; expires_at: number } {
    const token = `eyJjdHki.${randomUUID().replaceAll('-', '').repeat(4)}.${this.issued.length}`
    const end = Date.now() + lifetimeMs
    this.issued.push(token)
    this.#good.set(token, end)
    return { access_token: token, expires_at: end }
  }

  /** Ends every token at once, whatever its time. */
  expire(): void {
    this.#good.clear()
  }

  /** What the API says to a request with this token; undefined when it is good. */
  refusal(token: string | undefined): string | undefined {
    if (token === undefined || !this.issued.includes(token)) return 'Unauthorized'
    return (this.#good.get(token) ?? 0) > Date.now() ? undefined : 'Token has expired'
  }
}

export const tokenPath = '/api/v2/oauth'

/** The token service, which has a host and words of its own: errors are `{code, message}`. */
export function tokenService(book: TokenBook, options: TokenOptions): SimulatedProvider {
  return {
    takesScript: ({ method, path }) => method === 'POST' && path === tokenPath,
    reply: (request) => replyTo(request, book, options),
    headers: () => headers,
    streamHeaders: () => headers,
    encodeJson: (body) => JSON.stringify(body),
    encodeFrame: (frame) => JSON.stringify(frame),
    terminator: '',
    errorBody: (status) => ({ code: status, message: 'error' }),
    voice: () => {
      throw new Error('the token service does not stream')
    },
  }
}

const headers: HeaderBag = {
  'content-type': 'application/json',
  server: 'SynGX',
  'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

function replyTo(request: RecordedRequest, book: TokenBook, options: TokenOptions): Reply {
  if (request.method !== 'POST' || request.path !== tokenPath) {
    return reply(404, { code: 404, message: 'Not Found' })
  }
  const refusal = refusalOf(request, options)
  if (refusal) {
    const [status, code, message] = refusal
    return reply(status, { code, message })
  }
  return reply(200, book.issue(options.lifetimeMs))
}

/** The body for a missing RqUID is not documented; the others are Sber's own. */
function refusalOf(
  { headers: sent, rawBody }: RecordedRequest,
  { credentials, scope }: TokenOptions,
): [status: number, code: number, message: string] | undefined {
  const form = sent['content-type']?.startsWith('application/x-www-form-urlencoded')
  const asked = form ? new URLSearchParams(rawBody).get('scope') : null
  const key = /^Basic (\S+)$/.exec(sent.authorization ?? '')?.[1]
  if (!uuid.test(String(sent['rquid']))) return [400, 400, 'RqUID is missing or invalid']
  if (key === undefined || !Buffer.from(key, 'base64').toString().includes(':')) {
    return [400, 4, "Can't decode 'Authorization' header"]
  }
  if (!asked) return [400, 5, 'scope is empty']
  if (!asked.startsWith('GIGACHAT_API_')) return [400, 1, 'scope data format invalid']
  if (key !== credentials) return [401, 6, "credentials doesn't match db data"]
  if (asked !== scope) return [400, 7, 'scope from db not fully includes consumed scope']
  return undefined
}

function reply(status: number, body: object): Reply {
  const pieces = [{ raw: JSON.stringify(body), tokens: 0 }]
  return { status, headers, stream: false, pieces }
}
