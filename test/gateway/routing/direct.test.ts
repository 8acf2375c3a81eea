import { describe, expect, test } from 'vitest'
import { rulesOf, rulesSchema } from '../../../src/config-rules.ts'
import type { RoutingHints } from '../../../src/gateway/call.ts'
import { explain } from '../../../src/gateway/route.ts'
import type { CatalogueSettings } from '../../../src/gateway/catalogue.ts'
import type { ChatRequest } from '../../../src/protocol/request.ts'
import { managerOf } from '../../support/actors.ts'
import { ask, price, route, routeScene, upstream, virtual } from '../../support/route-scene.ts'

const one = upstream('one', [
  { name: 'small', price: price('1', '2'), contextLength: 8_000 },
  { name: 'thinker', price: price('5', '9'), features: ['reasoning', 'tools'] },
  { name: 'eyes', price: price('3', '3'), inputModalities: ['text', 'image'] },
  { name: 'vectors', price: price('0', '0'), features: ['embeddings'] },
])
const two = upstream('two', [
  { name: 'large', price: price('2', '3'), contextLength: 1_000_000 },
  { name: 'deep', price: price('4', '4'), features: ['reasoning'] },
])
const models = [virtual('smart', ['one/thinker', 'two/deep'])]

function sceneOf(rules: Record<string, unknown>[], settings: Partial<CatalogueSettings> = {}) {
  const named = rules.map((rule, index) => ({ name: `rule-${index}`, when: 'true', ...rule }))
  const scene = routeScene({ providers: [one, two], models, ...settings })
  return { ...scene.deps, rules: rulesOf(rulesSchema.parse(named)) }
}

function idsOf(rules: Record<string, unknown>[], hints: RoutingHints = {}, model = 'one/small') {
  return route(sceneOf(rules), ask(model, hints)).candidates.map(({ deployment }) => deployment.id)
}

describe('rules direct a request', () => {
  test('to another model, with fallbacks after those of the client', () => {
    expect(idsOf([{ route: 'smart' }])).toEqual(['one/thinker', 'two/deep'])
    expect(idsOf([{ fallbacks: ['two/large'] }], { fallbacks: ['two/deep'] })).toEqual([
      'one/small',
      'two/deep',
      'two/large',
    ])
  })

  test('to one deployment alone', () => {
    expect(idsOf([{ pin: 'two/large' }], { fallbacks: ['two/deep'] })).toEqual(['two/large'])
  })

  test('by another strategy than the client’s', () => {
    const { mode, decision } = route(
      sceneOf([{ strategy: 'race' }]),
      ask('smart', { strategy: 'ordered' }),
    )
    expect(mode).toMatchObject({ kind: 'race' })
    expect(decision).toMatchObject({ strategy: 'race', rules: ['rule-0'] })
  })

  test('to no provider that the client or a rule leaves out', () => {
    expect(idsOf([{ deny_providers: ['one'] }], {}, 'smart')).toEqual(['two/deep'])
    expect(idsOf([{ allow_providers: ['one'] }], {}, 'smart')).toEqual(['one/thinker'])
    expect(() =>
      idsOf([{ allow_providers: ['one'] }], { allowProviders: ['two'] }, 'smart'),
    ).toThrow('is not among the allowed ones')
  })

  test('to nobody: the refusal names the rule', () => {
    const deps = sceneOf([{ when: 'request.model.startsWith("one/")', deny: 'Use two.' }])
    expect(() => route(deps, ask('one/small'))).toThrow(
      'The rule `rule-0` refuses this request: Use two.',
    )
    expect(() => explain(deps, ask('one/small'))).toThrow('rule-0')
    expect(route(deps, ask('two/large')).decision).toBeUndefined()
  })

  test('never beyond the models of the API key', () => {
    const actor = managerOf('org', { models: ['one/small'] })
    const { candidates } = route(sceneOf([{ route: 'two/large' }]), ask('one/small', {}, { actor }))
    // The step after routing refuses what the key may not use: the rule did not change the key.
    expect(candidates).toMatchObject([{ deployment: { id: 'two/large' }, namedBy: 'client' }])
    expect(() => route(sceneOf([{ route: 'smart' }]), ask('one/small', {}, { actor }))).toThrow(
      'the API key may not use',
    )
  })

  test('and what could not be asked is on the decision', () => {
    const { decision } = route(
      sceneOf([{ when: 'tags.team == "x"', route: 'smart' }]),
      ask('one/small'),
    )
    expect(decision).toMatchObject({
      rules: [],
      failedRules: [{ rule: 'rule-0', reason: 'No such key: team' }],
    })
  })
})

test('who goes first is said by the last rule that says it, also where nothing else is decided', () => {
  const rules = [{ priority: -3 }, { priority: 4 }, { fallbacks: ['two/deep'] }]
  expect(route(sceneOf(rules), ask('one/small')).priority).toBe(4)
  expect(route(sceneOf(rules.slice(0, 1)), ask('one/small')).priority).toBe(-3)
  expect(route(sceneOf([]), ask('one/small', { priority: 7 })).priority).toBeUndefined()
})

describe('auto', () => {
  const image = {
    role: 'user' as const,
    parts: [
      { type: 'text' as const, text: 'What is on it?' },
      { type: 'image' as const, url: 'https://example.org/a.png' },
    ],
  }
  const says = (text: string): Partial<ChatRequest> => ({
    messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
  })

  test.each([
    ['chat', says('Tell me a joke about cats.'), 'one/small'],
    ['code', says('Write a Python function that sorts a list.'), 'two/deep'],
    ['math', says('Solve x^2 - 5x + 6 = 0.'), 'two/deep'],
    ['vision', { messages: [image] }, 'one/eyes'],
    ['agent', { tools: [{ kind: 'function' as const, name: 'search' }] }, 'one/thinker'],
    ['long-context', says('word '.repeat(40_000)), 'two/large'],
  ])('is the cheapest model made for %s', (intent, told, expected) => {
    const { candidates, decision } = route(sceneOf([]), ask('auto', {}, told))
    expect(candidates[0].deployment.id).toBe(expected)
    expect(decision).toMatchObject({ model: `auto/${intent}`, intent: { intent } })
  })

  test('is what the configuration says for an intent, and its default for the others', () => {
    const auto = { models: { code: 'smart' }, fallback: 'two/large', longContextTokens: 32_000 }
    const deps = sceneOf([], { auto })
    const first = (tags: Record<string, string>) =>
      route(deps, ask('auto', {}, { tags })).candidates[0].deployment.id
    expect(first({ intent: 'code' })).toBe('one/thinker')
    expect(first({ intent: 'math' })).toBe('two/large')
    expect(() => first({ intent: 'poetry' })).toThrow('must be one of: chat, code')
  })

  test('may be named with its intent, and is an alias where the configuration says so', () => {
    const { candidates } = route(sceneOf([]), ask('auto/vision'))
    expect(candidates[0].deployment.id).toBe('one/eyes')
    const deps = sceneOf([], { aliases: { auto: 'one/small' } })
    expect(route(deps, ask('auto')).candidates[0].deployment.id).toBe('one/small')
  })

  test('comes after the rules, which may name it', () => {
    const { decision } = route(
      sceneOf([{ route: 'auto' }]),
      ask('one/small', {}, says('Hi there!')),
    )
    expect(decision).toMatchObject({ model: 'auto/chat', rules: ['rule-0'] })
  })
})
