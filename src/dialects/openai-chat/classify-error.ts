import type { ErrorCode } from '../../errors.ts'
import type { ErrorFacts } from './read-error.ts'

/** Our word for an upstream's failure; without a status its own words must do. */
export function classifyError(httpStatus: number | undefined, facts: ErrorFacts): ErrorCode {
  const status = httpStatus ?? statusOf(facts)
  if (status === 401 || status === 402 || status === 403) return 'PROVIDER_AUTH'
  if (cannotPay(facts)) return 'PROVIDER_AUTH'
  if (status === 404 || named(facts, modelWords)) return 'MODEL_NOT_FOUND'
  const known = byStatus.get(status)
  if (known) return known
  if (status >= 400 && status < 500) return refusal(facts)
  return 'PROVIDER_ERROR'
}

/** True when no waiting helps, because the account behind the credential has no credit left. */
export function cannotPay(facts: ErrorFacts): boolean {
  return named(facts, quotaWords) || quotaWording.test(facts.message ?? '')
}

const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [408, 'PROVIDER_TIMEOUT'],
  [409, 'PROVIDER_UNAVAILABLE'],
  [413, 'REQUEST_TOO_LARGE'],
  [429, 'PROVIDER_RATE_LIMITED'],
  [503, 'PROVIDER_UNAVAILABLE'],
  [529, 'PROVIDER_UNAVAILABLE'],
])

const quotaWords = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
])
/** Some have one code for this and for a rate that will pass. */
const quotaWording = /used all available credits|monthly spending limit/i
const modelWords = new Set(['model_not_found'])
const keyWords = new Set(['invalid_api_key', 'authentication_error', 'API_KEY_INVALID'])
const filterWords = new Set(['content_filter', 'content_policy_violation'])
const contextWords = new Set(['context_length_exceeded', 'too_many_prompt_tokens'])

const contextWording = /maximum (context|prompt) length|context window|too_many_prompt_tokens/i
/** Some servers answer 400 to a bad key and have no code for it. */
const keyWording = /(incorrect|invalid) api key|api key (is )?(not valid|invalid)/i

function refusal(facts: ErrorFacts): ErrorCode {
  const message = facts.message ?? ''
  if (named(facts, filterWords)) return 'CONTENT_FILTERED'
  if (named(facts, contextWords) || contextWording.test(message)) return 'CONTEXT_LENGTH_EXCEEDED'
  if (named(facts, keyWords) || keyWording.test(message)) return 'PROVIDER_AUTH'
  return 'INVALID_REQUEST'
}

/** The status that the words of a failure inside a stream stand for. */
function statusOf(facts: ErrorFacts): number {
  if (facts.status !== undefined) return facts.status
  const words = `${facts.type ?? ''} ${facts.code ?? ''}`
  const found = statusWords.find(([pattern]) => pattern.test(words))
  if (found) return found[1]
  return contextWording.test(facts.message ?? '') ? 400 : 500
}

const statusWords: readonly (readonly [RegExp, number])[] = [
  [/rate_limit|slow_down|too_many_requests|resource.(has been )?exhausted/i, 429],
  [/overloaded|unavailable/i, 503],
  [/authentication|invalid_api_key|permission/i, 401],
  [/timeout/i, 408],
  [/server_error|internal/i, 500],
  [/invalid_request|context_length|too_many_prompt_tokens|content_(filter|policy)/i, 400],
]

function named({ code, type }: ErrorFacts, words: ReadonlySet<string>): boolean {
  return (code !== undefined && words.has(code)) || (type !== undefined && words.has(type))
}
