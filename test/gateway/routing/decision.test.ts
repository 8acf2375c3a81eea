import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Deployment, Rates } from '../../../src/gateway/catalogue.ts'
import type { Considered } from '../../../src/gateway/routing/consider.ts'
import { decisionText, type Sourced } from '../../../src/gateway/routing/decision.ts'
import { directed } from '../../../src/gateway/routing/direct.ts'
import { scoreParts, strategies, type PassedOver } from '../../../src/protocol/routing.ts'
import {
  decodeDecision,
  parseDecision,
  withPassedOver,
  type StoredDecision,
} from '../../../src/protocol/stored-decision.ts'
import { ask, price, routeScene, upstream, virtual } from '../../support/route-scene.ts'

const models = ['small', 'large', 'a#b', 'quo"ted\\\n', 'я']
const scene = routeScene({
  providers: [
    upstream(
      'one',
      models.map((name) => ({ name, price: price('1', '2') })),
    ),
  ],
  models: [
    virtual(
      'all',
      models.map((name) => `one/${name}`),
    ),
  ],
})
const target = scene.deps.catalogue.target('all')
const direction = directed(scene.deps, ask('all'))

const text = fc.string({ unit: 'binary' })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
/** Of six places, as they are kept. */
const number = fc.integer({ min: -1e9, max: 1e9 }).map((micro) => micro / 1e6 || 0)
const rates: fc.Arbitrary<Rates> = fc.record({
  currency: fc.constantFrom('USD', 'RUB'),
  input: fc.constantFrom(1, 2.5),
  cachedInput: fc.constant(0.5),
  output: fc.constantFrom(3, 0),
})

const candidate: fc.Arbitrary<Sourced> = fc
  .record({
    deployment: fc.constantFrom(...target.deployments),
    number: maybe(fc.nat(99)),
    rates: maybe(rates),
    view: fc.record({ cachedShare: maybe(fc.constantFrom(0, 0.25, 1)) }),
    score: maybe(
      fc.oneof(
        fc.integer(),
        fc.integer({ min: -999, max: 999 }).map((part) => part / 1000 || 0),
      ),
    ),
    parts: maybe(fc.dictionary(fc.constantFrom(...scoreParts), number, { noNullPrototype: true })),
    source: fc.constantFrom('model', 'client', 'configuration'),
    namedBy: fc.constantFrom('client', 'configuration'),
  })
  .map(({ deployment, number: at, rates: own, view, ...others }) => {
    const id = at === undefined ? deployment.modelId : `${deployment.modelId}#${at}`
    const made: Deployment = { ...deployment, id, rates: own }
    return { ...others, deployment: made, view: { ...scene.deps.states.of(made), ...view } }
  })

const considered: fc.Arbitrary<Omit<Considered, 'hasMore'>> = fc.record({
  target: text.map((id) => ({ ...target, id })),
  policy: fc.constantFrom(...strategies).map((strategy) => ({ ...target.policy, strategy })),
  candidates: fc.array(candidate),
  excluded: fc.array(
    fc.record({
      deployment: fc.constantFrom(...target.deployments),
      reason: fc.constantFrom('PROVIDER_DENIED', 'PRICE_UNKNOWN', 'DOWN'),
    }),
    { maxLength: 30 },
  ),
  variant: maybe(text),
  affinity: maybe(fc.constantFrom('session', 'prefix')),
  names: fc.constant(undefined),
})

const told: fc.Arbitrary<Partial<typeof direction>> = fc.record({
  rules: fc.array(text),
  failedRules: fc.array(fc.record({ rule: text, reason: text })),
  intent: maybe(
    fc.record({
      intent: fc.constant('code' as const),
      from: fc.constant('text' as const),
      confidence: number,
    }),
  ),
})

test('what was decided is read again from the text that is kept', () => {
  const estimate = direction.query.estimate()
  const costOf = ({ currency, input, cachedInput, output }: Rates, cached = 0) => {
    const each = input * (1 - cached) + cachedInput * cached
    const units = (estimate.inputTokens * each + estimate.outputTokens * output) / 1e6
    return { currency, amount: Number(units.toFixed(9)) }
  }
  fc.assert(
    fc.property(considered, told, (found, said) => {
      const kept = decisionText(found, { ...direction, ...said }, scene.deps.states)
      const read = parseDecision(kept)
      expect(read).toMatchObject({
        model: found.target.id,
        strategy: found.policy.strategy,
        estimate,
        rules: said.rules,
        failedRules: said.failedRules,
      })
      expect([read.variant, read.affinity, read.intent]).toEqual([
        found.variant,
        found.affinity,
        said.intent,
      ])
      expect(
        read.candidates.map(({ cost, ...each }) => ({
          ...each,
          cost: cost && { ...cost, amount: Number(cost.amount) },
        })),
      ).toEqual(
        found.candidates.map(({ deployment, view, score, parts, source }) => ({
          deployment: deployment.id,
          model: deployment.modelId,
          source,
          score,
          parts,
          cachedShare: view.cachedShare,
          cost: deployment.rates && costOf(deployment.rates, view.cachedShare),
        })),
      )
      expect(read.excludedCount).toBe(found.excluded.length)
      expect(read.excluded.map(({ deployment, reason }) => [deployment, reason])).toEqual(
        found.excluded.slice(0, 20).map(({ deployment: { id }, reason }) => [id, reason]),
      )
    }),
    { numRuns: 500 },
  )
})

const one = (at: number): Sourced => ({
  deployment: {
    ...target.deployments[0],
    id: `one/small#${at}`,
    rates: { currency: 'USD', input: 1, cachedInput: 1, output: 10 },
  },
  view: scene.deps.states.of(target.deployments[0]),
  score: at / 3,
  source: 'model',
  namedBy: 'configuration',
})

function textOf(candidates: Sourced[]): string {
  const policy = { ...target.policy, strategy: 'least-latency' as const }
  const [variant, affinity, names] = [undefined, undefined, undefined]
  const found = { target, policy, candidates, excluded: [], variant, affinity, names }
  return decisionText(found, direction, scene.deps.states)
}

const usual = textOf([one(1), one(2)])

test('what is as usual is not written', () => {
  const { inputTokens, outputTokens } = direction.query.estimate()
  const amount = String((inputTokens + 10 * outputTokens) / 1e6)
  expect(JSON.parse(usual)).toEqual({
    model: 'all',
    strategy: 'least-latency',
    estimate: { inputTokens, outputTokens },
    candidates: [
      { deployment: 'one/small#1', score: 0.333333, cost: { currency: 'USD', amount } },
      { deployment: 'one/small#2', score: 0.666667, cost: 'same' },
    ],
  })
})

test.each([
  [1234.56, 1235],
  [123.4, 123],
  [-12.345, -12.3],
  [1.2345, 1.23],
  [0.1234567, 0.123457],
  [Infinity, undefined],
])('a score of %d is kept as %d', (score, kept) => {
  const candidates = [{ ...one(1), score }]
  expect(parseDecision(textOf(candidates)).candidates[0]?.score).toBe(kept)
})

test('what was passed over since stands at its end', () => {
  const passedOver: PassedOver[] = [{ deployment: 'one/large', reason: 'DOWN', detail: 'its "…"' }]
  expect(parseDecision(withPassedOver(usual, passedOver))).toEqual({
    ...parseDecision(usual),
    passedOver,
  })
})

test('a decision that was kept in full is read as well', () => {
  const full = parseDecision(usual)
  expect(full).toMatchObject({ rules: [], failedRules: [], excluded: [], excludedCount: 0 })
  expect(decodeDecision(JSON.parse(JSON.stringify(full)) as StoredDecision)).toEqual(full)
})
