/** An error as OpenAI words it. `edge` errors come from the gateway in front, in other spacing. */
export class OpenaiError extends Error {
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  readonly edge: boolean

  constructor(status: number, message: string, rest: OpenaiErrorRest = {}) {
    super(message)
    this.status = status
    this.type = rest.type ?? 'invalid_request_error'
    this.param = rest.param ?? null
    this.code = rest.code ?? null
    this.edge = rest.edge ?? false
  }

  body(): object {
    const { message, type, param, code } = this
    return { error: { message, type, param, code } }
  }
}

interface OpenaiErrorRest {
  type?: string
  param?: string | null
  code?: string | null
  edge?: boolean
}

export function missingKey(): OpenaiError {
  return new OpenaiError(
    401,
    "You didn't provide an API key. You need to provide your API key in an Authorization header " +
      'using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from ' +
      'https://platform.openai.com/account/api-keys.',
    { edge: true },
  )
}

export function wrongKey(key: string): OpenaiError {
  return new OpenaiError(
    401,
    `Incorrect API key provided: ${mask(key)}. You can find your API key at ` +
      'https://platform.openai.com/account/api-keys.',
    { code: 'invalid_api_key', edge: true },
  )
}

export function unknownModel(model: string): OpenaiError {
  return new OpenaiError(
    404,
    `The model \`${model}\` does not exist or you do not have access to it.`,
    { code: 'model_not_found' },
  )
}

export function unknownUrl(method: string, path: string): OpenaiError {
  return new OpenaiError(404, `Invalid URL (${method} ${path})`)
}

/** The body that goes with a status when a test only names the status. */
export function errorFor(status: number): OpenaiError {
  const found = typical[status]
  return new OpenaiError(
    status,
    found?.message ?? 'The server had an error while processing your request. Sorry about that!',
    { type: found?.type ?? 'server_error', code: found?.code ?? null },
  )
}

const typical: Record<number, { message: string; type: string; code: string | null }> = {
  400: { message: 'Invalid request.', type: 'invalid_request_error', code: null },
  401: {
    message:
      'Incorrect API key provided: sk-wrong****-key. You can find your API key at ' +
      'https://platform.openai.com/account/api-keys.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  },
  403: {
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
  },
  404: {
    message: 'The model `gone` does not exist or you do not have access to it.',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  429: {
    message:
      'Rate limit reached for gpt-4o in organization org-simulated on tokens per min (TPM): ' +
      'Limit 30000, Used 28943, Requested 4096. Please try again in 6.078s. ' +
      'Visit https://platform.openai.com/account/rate-limits to learn more.',
    type: 'tokens',
    code: 'rate_limit_exceeded',
  },
  503: {
    message: 'The engine is currently overloaded, please try again later',
    type: 'service_unavailable_error',
    code: 'server_is_overloaded',
  },
}

/** 429 that never heals; a client must not retry it. */
export const insufficientQuota = new OpenaiError(
  429,
  'You exceeded your current quota, please check your plan and billing details. For more ' +
    'information on this error, read the docs: ' +
    'https://platform.openai.com/docs/guides/error-codes/api-errors.',
  { type: 'insufficient_quota', code: 'insufficient_quota' },
)

/** A prompt that does not fit; its length is only known once it is counted. */
export const contextLength = new OpenaiError(
  400,
  "This model's maximum context length is 128000 tokens. However, your messages resulted in " +
    '131072 tokens. Please reduce the length of the messages.',
  { param: 'messages', code: 'context_length_exceeded' },
)

function mask(key: string): string {
  if (key.length <= 12) return key
  return `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`
}
