import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type ErrorCode, GatewayError } from '../errors.ts'
import type { AccessToken } from './gigachat-token.ts'
import type { Send } from './provider.ts'

export interface OauthSettings {
  /** The name of the provider in the configuration. */
  id: string
  /** The authorization key: base64 of `client_id:client_secret`, or these two as they are. */
  credentials: string
  scope: string
  url: string
}

/** Asks the token service for an access token, which is good for half an hour. */
export async function fetchAccessToken(
  { id, credentials, scope, url }: OauthSettings,
  send: Send,
): Promise<AccessToken> {
  const key = credentials.includes(':') ? Buffer.from(credentials).toString('base64') : credentials
  const { status, body } = await sendSaying(id, send, {
    method: 'POST',
    url,
    headers: {
      authorization: `Basic ${key}`,
      rquid: randomUUID(),
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': 'xrouter',
    },
    body: new URLSearchParams({ scope }).toString(),
  })
  const answer = tokenAnswer.safeParse(body)
  if (status >= 200 && status < 300 && answer.success) {
    const { access_token: value, expires_at: end } = answer.data
    // Milliseconds; an old example of the service's has seconds.
    return { value, expiresAtMs: end < 1e11 ? end * 1_000 : end }
  }
  throw refused(id, status, body)
}

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_at: z.number() })
const errorAnswer = z.object({ code: z.number() })

async function sendSaying(id: string, send: Send, request: Parameters<Send>[0]) {
  try {
    return await send(request)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { code, message } = error
    throw new GatewayError({
      code,
      message: `No access token for \`${id}\` (auth_url): ${message}`,
      cause: error,
    })
  }
}

/** The service's own code is shown, its words are not. */
function refused(id: string, status: number, body: unknown): GatewayError {
  const error = errorAnswer.safeParse(body)
  const code = error.success ? error.data.code : undefined
  const said = code === undefined ? `${status}` : `${status}, code ${code}`
  return new GatewayError({
    code: codeOf(status),
    message: `No access token for \`${id}\`: the token service answered ${said}${adviceOf(status, code)}.`,
    upstreamStatus: status,
  })
}

function codeOf(status: number): ErrorCode {
  if (status === 400 || status === 401 || status === 403) return 'PROVIDER_AUTH'
  if (status === 429) return 'PROVIDER_RATE_LIMITED'
  return status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_ERROR'
}

function adviceOf(status: number, code: number | undefined): string {
  if (code === 1 || code === 5 || code === 7) return ': `scope` is not one that `credentials` has'
  if (codeOf(status) === 'PROVIDER_AUTH') return ': it does not know `credentials`'
  return status < 400 || status === 404 ? ': is `auth_url` right?' : ''
}
