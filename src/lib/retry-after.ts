/** Headers of an answer, names in lower case. */
export type AnswerHeaders = Record<string, string | string[] | undefined>

/**
 * How long an upstream asks to wait, in milliseconds: `retry-after-ms`, else `retry-after` in
 * seconds or as an HTTP date. Undefined when it does not say.
 */
export function retryAfterMs(headers: AnswerHeaders, nowMs: number): number | undefined {
  const milliseconds = amount(first(headers['retry-after-ms']))
  if (milliseconds !== undefined) return Math.ceil(milliseconds)
  const value = first(headers['retry-after'])
  const seconds = amount(value)
  if (seconds !== undefined) return Math.ceil(seconds * 1000)
  const date = value !== undefined && /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** A plain decimal number: a date parser would take a negative one for a year. */
function amount(value: string | undefined): number | undefined {
  return value !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined
}
