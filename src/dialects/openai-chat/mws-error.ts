import { type ErrorCode, GatewayError } from '../../errors.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord, text } from '../narrow.ts'
import { decodeChatError } from './decode-error.ts'

/** A failure of MWS GPT, whose codes say more than its statuses. */
export function decodeMwsError(failure: UpstreamFailure): GatewayError {
  const error = decodeChatError(failure)
  const [code, message] = meanings.get(wordOf(failure.body) ?? '') ?? []
  if (code === undefined) return error
  const { cause, path, upstreamStatus } = error
  return new GatewayError({
    code,
    message: message ?? error.message,
    cause,
    path,
    upstreamStatus,
    ...(anotherMayHelp.has(code) && { failover: true }),
  })
}

/** What one model cannot do another can; a deployment that is gone leaves the others. */
const anotherMayHelp: ReadonlySet<ErrorCode> = new Set(['MODEL_NOT_FOUND', 'UNSUPPORTED_FEATURE'])

const refusedCredential = 'The provider refused the credential that the gateway holds for it.'
const wrongAddress = 'MWS GPT knows no such address: are `project` or `base_url` right?'

const meanings: ReadonlyMap<string, readonly [code: ErrorCode, message?: string]> = new Map([
  ['UNAUTHORIZED', ['PROVIDER_AUTH', refusedCredential]],
  ['ACCESS_DENIED', ['PROVIDER_AUTH', refusedCredential]],
  ['PROJECT_BLOCKED', ['PROVIDER_AUTH', 'The project behind the gateway’s credential is blocked.']],
  ['PROJECT_NOT_FOUND', ['PROVIDER_ERROR', wrongAddress]],
  ['BASEPATH_NOT_FOUND', ['PROVIDER_ERROR', wrongAddress]],
  ['DEPLOYMENT_NOT_FOUND', ['MODEL_NOT_FOUND']],
  ['MODEL_DEPRECATED', ['MODEL_NOT_FOUND']],
  ['UNSUPPORTED_ACTION', ['UNSUPPORTED_FEATURE']],
  ['TOOL_CALLING_UNSUPPORTED', ['UNSUPPORTED_FEATURE']],
  ['REASONING_UNSUPPORTED', ['UNSUPPORTED_FEATURE']],
  ['INVALID_PARAMETER_COMBINATION', ['INVALID_REQUEST']],
  ['VALIDATION_FAILED', ['INVALID_REQUEST']],
  ['MAX_TOKENS_EXCEEDED', ['CONTEXT_LENGTH_EXCEEDED']],
])

/** Where the word stands is not documented. */
function wordOf(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const error = isRecord(body['error']) ? body['error'] : {}
  return [error['code'], error['status'], body['code'], body['status']]
    .map(text)
    .find((word) => word !== undefined && meanings.has(word))
}
