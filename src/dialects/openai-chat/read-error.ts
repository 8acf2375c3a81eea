import { isRecord, text } from '../narrow.ts'

/** What the body of a failure says, wherever its server puts it. */
export interface ErrorFacts {
  message: string | undefined
  type: string | undefined
  code: string | undefined
  /** The member of the request that is at fault. */
  param: string | undefined
  /** An HTTP status inside the body: the only one when the failure comes in a stream. */
  status: number | undefined
}

/** Reads `{error:{…}}`, `{error:"…"}`, `{detail}`, `{message}`, `{Message}` and `[{error}]`. */
export function readError(body: unknown): ErrorFacts {
  const outer = Array.isArray(body) ? body[0] : body
  if (!isRecord(outer)) return noFacts
  const { error } = outer
  const inside = isRecord(error) ? error : outer
  const code = inside['code'] ?? outer['code']
  const said = [
    text(inside['message']),
    text(error),
    text(inside['Message']),
    detailMessage(outer['detail']),
  ]
  return {
    message: said.find((message) => message !== undefined),
    type: text(inside['type']) ?? text(inside['status']),
    code: typeof code === 'string' ? text(code) : undefined,
    param: text(inside['param']) ?? detailPath(outer['detail']),
    status: [code, inside['status_code'], inside['status'], outer['status']]
      .map(httpStatus)
      .find((status) => status !== undefined),
  }
}

/** True for the body of a failure that came with status 200, or amid a stream. */
export function isFailure(body: Record<string, unknown>): boolean {
  const { error } = body
  return Boolean(error) || body['object'] === 'error'
}

const noFacts: ErrorFacts = {
  message: undefined,
  type: undefined,
  code: undefined,
  param: undefined,
  status: undefined,
}

function httpStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined
}

/** FastAPI answers with a sentence, or with a list of what is wrong and where. */
function detailMessage(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return text(detail)
  const messages = detail.map((item: unknown) => (isRecord(item) ? text(item['msg']) : undefined))
  return text(messages.filter((message) => message !== undefined).join('; '))
}

function detailPath(detail: unknown): string | undefined {
  const place: unknown = Array.isArray(detail) && isRecord(detail[0]) ? detail[0]['loc'] : undefined
  if (!Array.isArray(place)) return undefined
  const keys: unknown[] = place[0] === 'body' ? place.slice(1) : place
  return text(
    keys.reduce<string>((path, key) => {
      if (typeof key === 'number') return `${path}[${key}]`
      return path === '' ? String(key) : `${path}.${String(key)}`
    }, ''),
  )
}
