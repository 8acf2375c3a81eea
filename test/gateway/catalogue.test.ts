import { describe, expect, test } from 'vitest'
import { createCatalogue } from '../../src/gateway/catalogue.ts'
import { visibleModel, visibleModels } from '../../src/gateway/visible-models.ts'
import type { Actor } from '../../src/protocol/actor.ts'
import { usualPolicy } from '../../src/protocol/routing-policy.ts'
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

describe('a list of models', () => {
  const [one, two] = [provider('one', ['small', 'gpt-4o']), provider('two', [])]
  const learning = () =>
    createCatalogue({ providers: [one, two], aliases: {}, fallbacks: {}, prices: new Map() })

  test('takes the place of the one before, and leaves what is there from the start', () => {
    const learnt = learning()
    learnt.learn(two, [{ name: 'old' }, { name: 'stays' }])
    learnt.learn(one, [])
    learnt.learn(two, [{ name: 'stays' }, { name: 'new' }])
    const ids = learnt.models.map(({ id }) => id)
    expect(ids).toEqual(['one/gpt-4o', 'one/small', 'two/new', 'two/stays'])
    expect(() => learnt.resolve('old')).toThrow(/does not exist/)
  })

  test('never changes what a name meant from the start', () => {
    const learnt = learning()
    learnt.learn(two, [{ name: 'small' }])
    expect(learnt.resolve('small').id).toBe('one/small')
    expect(learnt.resolve('two/small').id).toBe('two/small')
  })

  test('has snapshots: they are what their model is', () => {
    const learnt = learning()
    learnt.learn(one, [{ name: 'gpt-4o-2024-08-06' }, { name: 'gpt-4o-2024-05-13' }])
    expect(learnt.resolve('one/gpt-4o-2024-08-06').price).toEqual(price)
    expect(learnt.models.find(({ id }) => id === 'one/gpt-4o-2024-08-06')).toMatchObject({
      name: 'gpt-4o-2024-08-06',
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

describe('a virtual model', () => {
  const part = { weight: 1, priority: 0, tags: [] }
  const two = provider('two', ['large', 'long'])
  two.models = [
    { name: 'large', price, contextLength: 8_000, features: ['tools'] },
    { name: 'long', price, contextLength: 100_000, features: ['streaming', 'tools'] },
  ]
  two.site = { region: 'eu', dataPolicy: 'no-training', local: false }
  const models = [
    {
      name: 'smart',
      policy: { ...usualPolicy, strategy: 'weighted' as const },
      deployments: [
        { ...part, model: 'fast', priority: 2 },
        { ...part, model: 'two/large', weight: 3, region: 'ru' },
        { ...part, model: 'long', tags: ['slow'], variant: 'new' },
      ],
    },
  ]
  const settings = {
    providers: [provider('one', ['small']), two],
    models,
    aliases: { fast: 'one/small', clever: 'smart' },
    fallbacks: { smart: ['one/small'] },
    prices: new Map(),
  }
  const mixed = createCatalogue(settings)

  test('means its deployments, the preferred ones first, with what each is said to be', () => {
    const { id, virtual, policy, deployments } = mixed.target('clever')
    expect({ id, virtual, strategy: policy.strategy }).toEqual({
      id: 'smart',
      virtual: true,
      strategy: 'weighted',
    })
    const rates = { currency: 'USD', input: 1, cachedInput: 1, output: 0 }
    expect(deployments).toMatchObject([
      { id: 'two/large', weight: 3, region: 'ru', dataPolicy: 'no-training', rates },
      { id: 'two/long', tags: ['slow'], region: 'eu', variant: 'new', contextLength: 100_000 },
      { id: 'one/small', priority: 2, region: undefined, variant: 'one/small', local: false },
    ])
    expect(mixed.fallbacksOf('smart')).toEqual(['one/small'])
  })

  test('is listed with what its deployments can do together', () => {
    expect(mixed.models.map((model) => model.id)).toEqual([
      'one/small',
      'smart',
      'two/large',
      'two/long',
    ])
    expect(mixed.models[1]).toEqual({
      id: 'smart',
      name: 'smart',
      provider: 'virtual',
      virtual: { strategy: 'weighted', models: ['two/large', 'two/long', 'one/small'] },
      contextLength: 100_000,
      maxOutputTokens: undefined,
      inputModalities: [],
      features: ['tools', 'streaming'],
      supportedParameters: [],
      price,
    })
  })

  test('is seen by whoever may use it or one of its deployments', () => {
    const seen = (allowed: string[]): string[] => {
      const scopes = new Set(['INFERENCE'] as const)
      const actor = { kind: 'api-key', id: 'k', organization: 'o', tier: 'free', scopes } as const
      return visibleModels(mixed, { ...actor, models: allowed }).map(({ id }) => id)
    }
    expect(seen(['smart'])).toEqual(['smart'])
    expect(seen(['two/*'])).toEqual(['smart', 'two/large', 'two/long'])
    expect(seen(['one/other'])).toEqual([])
  })

  test('knows what is learnt of its deployments later', () => {
    const learning = createCatalogue({ ...settings, providers: [provider('one', ['small']), two] })
    expect(learning.target('smart').deployments[2]?.contextLength).toBeUndefined()
    learning.learn(provider('one', []), [{ name: 'small', contextLength: 5, features: ['new'] }])
    expect(learning.target('smart').deployments[2]?.contextLength).toBe(5)
    expect(learning.models[1]?.features).toContain('new')
  })
})

describe('a provider with several credentials', () => {
  const one = provider('one', ['small'])
  one.accounts = ['a', 'b'].map((credential) => ({ ...provider('one', ['small']), credential }))
  const pooled = createCatalogue({
    providers: [one],
    aliases: {},
    fallbacks: {},
    prices: new Map(),
  })

  test('is one deployment for each, and they share the work', () => {
    const { id, virtual, policy, deployments } = pooled.target('small')
    expect({ id, virtual, strategy: policy.strategy }).toEqual({
      id: 'one/small',
      virtual: false,
      strategy: 'weighted',
    })
    expect(deployments.map((each) => [each.id, each.modelId, each.credential])).toEqual([
      ['one/small#a', 'one/small', 'one#a'],
      ['one/small#b', 'one/small', 'one#b'],
    ])
    expect(pooled.models.map((model) => model.id)).toEqual(['one/small'])
  })
})
