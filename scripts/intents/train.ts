import { seededRandom } from '../../test/support/random.ts'
import { buckets, featuresOf } from '../../src/gateway/intent/features.ts'
import { textIntents, type StoredModel, type TextIntent } from '../../src/gateway/intent/model.ts'

export interface Example {
  intent: TextIntent
  text: string
}

const seed = 20_261_129
const epochs = 120
const learningRate = 1.0
const decay = 1e-4
const stepsMax = 127

interface Trained {
  biases: Record<TextIntent, number>
  weights: Record<TextIntent, Float64Array>
}

/** Multinomial logistic regression by gradient descent, one example after the other; the same result each time. */
export function train(examples: readonly Example[]): StoredModel {
  const inputs = examples.map(({ intent, text }) => ({ intent, features: featuresOf(text) }))
  const model = blank()
  const random = seededRandom(seed)
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const rate = learningRate / (1 + epoch / 20)
    for (const input of shuffled(inputs, random)) step(model, input, rate)
    for (const intent of textIntents)
      shrink(model.weights[intent], 1 - decay * rate * inputs.length)
  }
  return stored(model)
}

function blank(): Trained {
  const each = <Value>(make: () => Value) =>
    Object.fromEntries(textIntents.map((intent) => [intent, make()])) as Record<TextIntent, Value>
  return { biases: each(() => 0), weights: each(() => new Float64Array(buckets)) }
}

function step(
  { biases, weights }: Trained,
  { intent, features }: { intent: TextIntent; features: readonly number[] },
  rate: number,
): void {
  const share = 1 / Math.sqrt(features.length || 1)
  const scores = textIntents.map((each) =>
    features.reduce((sum, at) => sum + (weights[each][at] ?? 0) * share, biases[each]),
  )
  const best = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - best))
  const total = powers.reduce((sum, power) => sum + power, 0)
  for (const [index, each] of textIntents.entries()) {
    const error = (each === intent ? 1 : 0) - (powers[index] ?? 0) / total
    biases[each] += rate * 0.1 * error
    const row = weights[each]
    for (const at of features) row[at] = (row[at] ?? 0) + rate * error * share
  }
}

function shrink(row: Float64Array, factor: number): void {
  for (let at = 0; at < row.length; at += 1) row[at] = (row[at] ?? 0) * factor
}

function stored({ biases, weights }: Trained): StoredModel {
  const largest = Math.max(
    ...textIntents.map((intent) =>
      weights[intent].reduce((max, x) => Math.max(max, Math.abs(x)), 0),
    ),
  )
  const scale = largest / stepsMax
  const each = <Value>(make: (intent: TextIntent) => Value) =>
    Object.fromEntries(textIntents.map((intent) => [intent, make(intent)])) as Record<
      TextIntent,
      Value
    >
  return {
    scale: Number(scale.toPrecision(6)),
    biases: each((intent) => Number(biases[intent].toFixed(4))),
    weights: each((intent) => {
      const steps = Int8Array.from(weights[intent], (weight) => Math.round(weight / scale))
      return Buffer.from(steps.buffer).toString('base64')
    }),
  }
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const copy = [...items]
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1))
    const [a, b] = [copy[index], copy[other]]
    if (a !== undefined && b !== undefined) [copy[index], copy[other]] = [b, a]
  }
  return copy
}
