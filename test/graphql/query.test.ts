import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Models,
  OneModel,
  OneRequest,
  ProviderHealth,
  Providers,
  RequestLog,
  UsageReport,
  Who,
} from './documents.ts'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer

beforeAll(async () => {
  server = await startGraphql()
})

afterAll(() => server.stop())

test('viewer says who asks, and what it may do', async () => {
  const { data } = await server.run(Who, {}, { key: 'reader' })
  expect(data?.viewer).toEqual({
    kind: 'api-key',
    id: 'key_reader',
    organization: 'org_test',
    scopes: ['READ'],
  })
})

describe('models', () => {
  test('are sorted, with exact prices and without made-up facts', async () => {
    const { data } = await server.run(Models, { provider: 'test' })
    const ids = data?.models.map((model) => model.id) ?? []
    expect(ids).toEqual(ids.toSorted())
    expect(data?.models.find((model) => model.id === 'test/words')).toEqual({
      id: 'test/words',
      provider: 'test',
      name: 'words',
      contextLength: 8000,
      maxOutputTokens: null,
      inputModalities: ['text'],
      features: ['streaming'],
      supportedParameters: [],
      prices: [
        {
          tokenClass: 'inputTokens',
          perMillion: { currency: 'USD', amountNanos: '150000000', amount: '0.15' },
        },
        {
          tokenClass: 'outputTokens',
          perMillion: { currency: 'USD', amountNanos: '600000000', amount: '0.6' },
        },
      ],
    })
    expect(data?.models.find((model) => model.id === 'test/tools')?.prices).toEqual([])
  })

  test('are those that the key may use', async () => {
    const { data } = await server.run(Models, {}, { key: 'narrow' })
    expect(data?.models.map((model) => model.id)).toEqual(['test/words'])
  })

  test('of an unknown provider are none', async () => {
    const { data } = await server.run(Models, { provider: 'nobody' })
    expect(data?.models).toEqual([])
  })
})

describe('model', () => {
  test.each([
    ['test/words', 'admin', { id: 'test/words' }],
    ['fast', 'admin', { id: 'test/words' }],
    ['test/unknown', 'admin', null],
    ['words', 'admin', null],
    ['test/tools', 'narrow', null],
  ])('%s for the key %s', async (id, key, model) => {
    const answer = await server.run(OneModel, { id }, { key })
    expect(answer).toEqual({ data: { model } })
  })
})

describe('providers', () => {
  test('are sorted, with their models', async () => {
    const { data } = await server.run(Providers)
    expect(data?.providers.map((provider) => provider.id)).toEqual(['other', 'test'])
    expect(data?.providers[0]?.models).toEqual([{ id: 'other/words' }])
  })

  test('are those of which the key may use a model', async () => {
    const { data } = await server.run(Providers, {}, { key: 'narrow' })
    expect(data?.providers).toEqual([{ id: 'test', models: [{ id: 'test/words' }] }])
  })
})

describe('providerHealth', () => {
  test('is the health of each provider that the key may use', async () => {
    const { data } = await server.run(ProviderHealth)
    const unknown = {
      state: 'UNKNOWN',
      reason: 'no attempts in the last 5 minutes',
      successRate: null,
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      checkedAt: null,
    }
    expect(data).toEqual({
      providerHealth: [
        { provider: 'other', ...unknown },
        { provider: 'test', ...unknown },
      ],
      providers: [
        { id: 'other', health: { provider: 'other', state: 'UNKNOWN' } },
        { id: 'test', health: { provider: 'test', state: 'UNKNOWN' } },
      ],
    })
    const { data: narrow } = await server.run(ProviderHealth, {}, { key: 'narrow' })
    expect(narrow?.providerHealth.map(({ provider }) => provider)).toEqual(['test'])
  })
})

describe('usage', () => {
  const filter = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' }

  test.each(['caller', 'narrow'])('needs the scope READ, which %s has not', async (key) => {
    const { data, errors } = await server.run(UsageReport, { filter }, { key })
    expect(data).toBeNull()
    expect(errors?.[0]).toMatchObject({
      message: 'This API key may not use the field `usage`; it needs the scope READ.',
      extensions: { code: 'PERMISSION_DENIED' },
    })
  })

  test('of an impossible time is refused before anything is read', async () => {
    const { errors } = await server.run(UsageReport, { filter: { ...filter, to: filter.from } })
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', path: 'filter.to' })
  })
})

describe('the request log needs the scope READ', () => {
  test('requests', async () => {
    const { data, errors } = await server.run(RequestLog, {}, { key: 'caller' })
    expect(data).toBeNull()
    expect(errors).toMatchObject([
      {
        message: 'This API key may not use the field `requests`; it needs the scope READ.',
        path: ['requests'],
        extensions: { code: 'PERMISSION_DENIED', retryable: false },
      },
    ])
  })

  test('request', async () => {
    const { data, errors } = await server.run(OneRequest, { id: 'req_1' }, { key: 'caller' })
    expect(data).toEqual({ request: null })
    expect(errors?.[0]?.extensions?.['code']).toBe('PERMISSION_DENIED')
  })
})

describe('the arguments of the request log are checked before anything is read', () => {
  test.each([
    [{ first: 101 }, 'first', '`first` must be from 1 to 100, the maximum.'],
    [{ first: 0 }, 'first', '`first` must be from 1 to 100, the maximum.'],
    [{ after: 'nonsense' }, 'after', '`after` must be a cursor that a page of this list gave.'],
    [
      { status: 'pending' },
      'status',
      '`status` must be one of succeeded, failed, cancelled, interrupted.',
    ],
  ])('%j', async (variables, path, message) => {
    const { errors } = await server.run(RequestLog, variables)
    expect(errors).toMatchObject([{ message, extensions: { code: 'INVALID_REQUEST', path } }])
  })
})
