import { errorCodes, errorTable } from '../../../src/errors.ts'

/** What came back for one input. */
export interface FuzzAnswer {
  status: number
  type: string
  text: string
}

const restCodes: ReadonlySet<unknown> = new Set([
  ...Object.values(errorTable).map(({ openaiCode }) => openaiCode),
  'previous_response_not_found', // OpenAI's own word, by which its SDKs know the case
])
const codes: ReadonlySet<unknown> = new Set(errorCodes)

/** What is wrong with an answer: a status of 5xx, a failure in no door's form, a code that nobody knows. */
export function faultOf({ status, type, text }: FuzzAnswer): string | undefined {
  if (status >= 500) return `status ${status}: ${text.slice(0, 500)}`
  if (type.startsWith('text/event-stream')) return faultOfStream(text)
  if (status === 204 || (status < 400 && !type.includes('json'))) return undefined
  const body = parsed(type.startsWith('multipart/') ? partOf(text) : text)
  if (body === undefined) return `status ${status} and no JSON: ${text.slice(0, 200)}`
  const bodies = Array.isArray(body) ? body : [body]
  return bodies.map((each) => faultOfBody(each, status)).find(Boolean)
}

/** The same of a GraphQL result, or of the body of a REST error. */
export function faultOfBody(body: unknown, status = 200): string | undefined {
  const { errors, data, response } = Object(body)
  if (Array.isArray(errors)) return errors.map(faultOfError).find(Boolean)
  const error = Object(body).error ?? response?.error
  if (error && typeof error === 'object') {
    const code = error.code ?? error.details?.error_code // Anthropic's shape has no member for it
    const isKnown = restCodes.has(code) && typeof error.message === 'string'
    return isKnown && code !== 'internal_error' ? undefined : `error ${JSON.stringify(error)}`
  }
  if (status >= 400)
    return `status ${status} without an error: ${JSON.stringify(body).slice(0, 200)}`
  return failureIn(data)
}

function faultOfError(error: unknown): string | undefined {
  const { message, extensions } = Object(error)
  const isKnown = codes.has(extensions?.code) && typeof message === 'string' && message !== ''
  if (isKnown && extensions.code !== 'INTERNAL_ERROR' && extensions.http === undefined)
    return undefined
  return `GraphQL error ${JSON.stringify(error)}`
}

/** A failure that is a result of the schema: `CompletionError`, or the event that carries it. */
function failureIn(data: unknown): string | undefined {
  return JSON.stringify(data ?? null).includes('"code":"INTERNAL_ERROR"')
    ? `internal error in ${JSON.stringify(data).slice(0, 300)}`
    : undefined
}

/** The first part of an answer in parts, which is the only one where nothing is deferred. */
function partOf(text: string): string {
  return /\r?\n\r?\n(.*?)\r?\n---/s.exec(text)?.[1] ?? text
}

function faultOfStream(text: string): string | undefined {
  const frames = text.split('\n').filter((line) => line.startsWith('data:'))
  return frames
    .map((line) => line.slice('data:'.length).trim())
    .filter((data) => data !== '' && data !== '[DONE]')
    .map((data) => {
      const body = parsed(data)
      return body === undefined
        ? `a frame that is no JSON: ${data.slice(0, 200)}`
        : faultOfBody(body)
    })
    .find(Boolean)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
