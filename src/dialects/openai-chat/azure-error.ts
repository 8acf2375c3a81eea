import { GatewayError } from '../../errors.ts'
import type { UpstreamFailure } from '../../protocol/chat-api.ts'
import { isRecord } from '../narrow.ts'
import { decodeChatError } from './decode-error.ts'
import { readError } from './read-error.ts'

/** A wait that is longer says that the request alone is more than the quota: it will never pass. */
const waitMsMax = 3_600_000

/** A failure of Azure OpenAI: OpenAI's own, or one of the gateway in front of the models. */
export function decodeAzureError(failure: UpstreamFailure): GatewayError {
  const error = decodeChatError(failure)
  const { message, code } = readError(failure.body)
  switch (error.code) {
    case 'CONTENT_FILTERED':
      return changed(error, { message: filteredMessage(failure.body) })
    case 'MODEL_NOT_FOUND':
      // The same status tells of a deployment that is not there and of an API that is not there.
      return code === 'DeploymentNotFound' || !/resource not found/i.test(message ?? '')
        ? error
        : changed(error, { code: 'PROVIDER_ERROR', message: wrongAddress })
    case 'PROVIDER_RATE_LIMITED':
    case 'PROVIDER_UNAVAILABLE': {
      const waitMs = error.retryAfterMs ?? waitIn(message)
      const retryAfterMs = waitMs !== undefined && waitMs <= waitMsMax ? waitMs : undefined
      return changed(error, { retryAfterMs })
    }
    default:
      return error
  }
}

const wrongAddress =
  'Azure knows no such address: are `endpoint` and `api_version` of the provider right?'

function changed(
  error: GatewayError,
  what: Partial<Pick<GatewayError, 'code' | 'message' | 'retryAfterMs'>>,
): GatewayError {
  const { code, message, retryAfterMs, cause, path, upstreamStatus, failover } = error
  return new GatewayError({
    code,
    message,
    cause,
    path,
    upstreamStatus,
    failover,
    retryAfterMs,
    ...what,
  })
}

/** Some answers say it in words alone: `Please retry after 23 seconds`. */
function waitIn(message: string | undefined): number | undefined {
  const [, seconds] = /(?:retry after|try again in) (\d+) seconds?/i.exec(message ?? '') ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1_000
}

function filteredMessage(body: unknown): string {
  const filters = filtersOf(body)
  const which = filters.length === 0 ? '' : ` (${filters.join(', ')})`
  return `The provider's content filter refused the prompt${which}. Change it and try again.`
}

/** The names of the filters that the prompt did not pass; several spellings of the member are in use. */
function filtersOf(body: unknown): string[] {
  const error = inner(body, 'error')
  const detail = inner(error, 'innererror') ?? inner(error, 'inner_error')
  const results =
    inner(detail, 'content_filter_result') ?? inner(detail, 'content_filter_results') ?? {}
  return Object.entries(results).flatMap(([name, result]) =>
    isRecord(result) && result['filtered'] === true ? [name] : [],
  )
}

function inner(value: unknown, member: string): Record<string, unknown> | undefined {
  const found = isRecord(value) ? value[member] : undefined
  return isRecord(found) ? found : undefined
}
