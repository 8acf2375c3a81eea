import { buildSchema, GraphQLEnumType } from 'graphql'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { errorCodes, errorTable, GatewayError, internalError } from '../src/errors.ts'

describe('the error table', () => {
  test('the GraphQL enum and the documentation list exactly the same codes', () => {
    const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))
    const type = schema.getType('ErrorCode')
    const names = type instanceof GraphQLEnumType ? type.getValues().map(({ name }) => name) : []
    expect(names.toSorted()).toEqual(errorCodes.toSorted())

    const page = readFileSync('docs/errors.md', 'utf8')
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (\d+) +\| `([a-z_]+)` +\| (yes|no) +\|/gm)]
    const documented = Object.fromEntries(
      rows.map(([, code, status, word, retryable]) => [
        code,
        { status: Number(status), word, retryable },
      ]),
    )
    const table = Object.fromEntries(
      errorCodes.map((code) => {
        const { status, openaiCode, retryable } = errorTable[code]
        return [code, { status, word: openaiCode, retryable: retryable ? 'yes' : 'no' }]
      }),
    )
    expect(documented).toEqual(table)
  })

  test('statuses are those that the contract promises', () => {
    const statuses = Object.fromEntries(errorCodes.map((code) => [code, errorTable[code].status]))
    expect(statuses).toMatchObject({
      INVALID_REQUEST: 400,
      UNSUPPORTED_FEATURE: 400,
      UNAUTHENTICATED: 401,
      INVALID_API_KEY: 401,
      INSUFFICIENT_QUOTA: 402,
      PERMISSION_DENIED: 403,
      MODEL_NOT_FOUND: 404,
      CONFLICT: 409,
      REQUEST_TOO_LARGE: 413,
      RATE_LIMIT_EXCEEDED: 429,
      CANCELLED: 499,
      PROVIDER_ERROR: 502,
      PROVIDER_AUTH: 502,
      UPSTREAM_TRUNCATED: 502,
      OVERLOADED: 503,
      PROVIDER_UNAVAILABLE: 503,
      PROVIDER_TIMEOUT: 504,
    })
  })

  test('what is told of a bug holds nothing of it', () => {
    const error = internalError(new Error('password=hunter2'))
    expect(error).toBeInstanceOf(GatewayError)
    expect(error.message).not.toContain('hunter2')
    expect(error.status).toBe(500)
  })
})
