import { describe, expect, test } from 'vitest'
import { createCatalogue, visibleModel, visibleModels } from '../../src/gateway/catalogue.ts'
import type { Actor } from '../../src/protocol/actor.ts'
import { nativeBut } from '../../src/protocol/features.ts'
import type { Provider } from '../../src/providers/provider.ts'

const price = { currency: 'USD', perMillion: { inputTokens: '1' }, source: 'catalogue' }

function provider(id: string, names: string[], openModels = false): Provider {
  return {
    id,
    baseUrl: '',
    authorize: (request) => request,
    support: nativeBut({}),
    models: names.map((name) => ({ name, price })),
    openModels,
  }
}

const catalogue = createCatalogue({
  providers: [
    provider('one', ['small', 'shared', 'gpt:rc', 'meta/llama']),
    provider('two', ['shared', 'large'], true),
  ],
  aliases: { fast: 'one/small', shared: 'two/shared', toString: 'one/small' },
  fallbacks: { 'one/small': ['two/large'] },
  prices: new Map([['one/small', { ...price, source: 'configuration' }]]),
})

describe('what is learnt of a provider', () => {
  test('is listed and found by its name, fills in what was unknown, and changes nothing else', () => {
    const one = provider('one', ['small'])
    one.models = one.models.map((model) => ({ ...model, maxOutputTokens: 7, features: undefined }))
    const learning = createCatalogue({
      providers: [one],
      aliases: {},
      fallbacks: {},
      prices: new Map([['one/new', { ...price, source: 'configuration' }]]),
    })
    learning.learn(one, [
      { name: 'new' },
      { name: 'small', contextLength: 1, maxOutputTokens: 2, features: ['tools'] },
    ])
    expect(learning.models.map(({ id }) => id)).toEqual(['one/new', 'one/small'])
    expect(learning.resolve('new')).toMatchObject({
      id: 'one/new',
      price: { source: 'configuration' },
    })
    expect(learning.models.at(-1)).toMatchObject({
      contextLength: 1,
      maxOutputTokens: 7,
      features: ['tools'],
      price,
    })
  })
})

describe('a model’s name', () => {
  test.each([
    ['one/small', 'one/small'],
    ['one/meta/llama', 'one/meta/llama'],
    ['one/gpt:rc', 'one/gpt:rc'],
    ['gpt:rc', 'one/gpt:rc'],
    ['meta/llama', 'one/meta/llama'],
    ['large', 'two/large'],
    ['fast', 'one/small'],
    ['shared', 'two/shared'],
    ['two/anything/else', 'two/anything/else'],
    ['toString', 'one/small'],
  ])('%s means %s', (name, id) => {
    expect(catalogue.resolve(name).id).toBe(id)
  })

  test.each(['', '/', 'one/', 'one/none', 'none', 'three/small', 'constructor', '/small'])(
    '%j means nothing, and the error says where to look',
    (name) => {
      expect(() => catalogue.resolve(name)).toThrow(
        expect.objectContaining({
          code: 'MODEL_NOT_FOUND',
          message: expect.stringContaining('/v1/models'),
        }),
      )
    },
  )

  test('that several providers offer must be said in full', () => {
    const ambiguous = createCatalogue({
      providers: [provider('one', ['shared']), provider('two', ['shared'])],
      aliases: {},
      fallbacks: {},
      prices: new Map(),
    })
    expect(() => ambiguous.resolve('shared')).toThrow(/`one\/shared`, `two\/shared`/)
  })
})

test('a configured price stands before the provider’s; a dated snapshot costs what its model costs', () => {
  expect(catalogue.resolve('one/small').price?.source).toBe('configuration')
  expect(catalogue.resolve('two/large-2026-01-31').price?.source).toBe('catalogue')
  expect(catalogue.resolve('two/unheard-of').price).toBeUndefined()
})

test('fallbacks are found by the full id alone', () => {
  expect(catalogue.fallbacksOf('one/small')).toEqual(['two/large'])
  expect(catalogue.fallbacksOf('toString')).toEqual([])
})

test('an actor sees the models that it may use', () => {
  const actor: Actor = {
    kind: 'api-key',
    id: 'key',
    organization: 'org',
    tier: 'free',
    scopes: new Set(['INFERENCE']),
    models: ['one/*', 'two/large'],
  }
  expect(visibleModels(catalogue, actor).map((model) => model.id)).toEqual([
    'one/gpt:rc',
    'one/meta/llama',
    'one/shared',
    'one/small',
    'two/large',
  ])
  expect(visibleModel(catalogue, actor, 'fast')?.id).toBe('one/small')
  expect(visibleModel(catalogue, actor, 'two/shared')).toBeUndefined()
  expect(visibleModel(catalogue, actor, 'nothing')).toBeUndefined()
})
