import { describe, expect, test } from 'vitest'
import { corsExposedHeaders, corsHeaders, corsOrigin } from '../../src/lib/cors.ts'
import { replayHeader } from '../../src/idempotency.ts'

const exposed = ['access-control-expose-headers', corsExposedHeaders.join(', ')]

describe('the CORS headers of an answer', () => {
  test('name no origin where none is allowed', () => {
    const headers = corsHeaders(corsOrigin([]))
    expect(headers('https://app.example')).toEqual(['vary', 'Origin', ...exposed])
    expect(headers(undefined)).toEqual(['vary', 'Origin', ...exposed])
  })

  test('name the origin that asks where it is on the list', () => {
    const headers = corsHeaders(corsOrigin(['https://app.example', 'https://b.example']))
    expect(headers('https://b.example')).toEqual([
      'vary',
      'Origin',
      'access-control-allow-origin',
      'https://b.example',
      ...exposed,
    ])
    expect(headers('https://c.example')).toEqual(['vary', 'Origin', ...exposed])
    expect(headers(undefined)).toEqual(['vary', 'Origin', ...exposed])
  })

  test('are the same for everybody where every origin is allowed', () => {
    const headers = corsHeaders(corsOrigin(['https://app.example', '*']))
    expect(headers('https://c.example')).toEqual(['access-control-allow-origin', '*', ...exposed])
    expect(headers(undefined)).toBe(headers('https://c.example'))
  })

  test('expose what the SDKs of browsers read', () => {
    expect(corsExposedHeaders).toEqual(
      expect.arrayContaining(['x-request-id', 'retry-after', 'x-xrouter-model', replayHeader]),
    )
  })
})
