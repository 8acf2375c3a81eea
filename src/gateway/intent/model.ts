import { buckets, featuresOf } from './features.ts'

/** What a text alone can tell. */
export const textIntents = ['chat', 'code', 'math', 'reasoning', 'tests'] as const
export type TextIntent = (typeof textIntents)[number]

/** A linear model: for each intent a bias and one whole number from -127 to 127 for each bucket. */
export interface IntentModel {
  /** What one step of a weight is worth. */
  scale: number
  biases: Readonly<Record<TextIntent, number>>
  weights: Readonly<Record<TextIntent, Int8Array>>
}

/** The likeliest intent, and how likely the model holds it: 0 to 1. */
export function predict(
  model: IntentModel,
  text: string,
): { intent: TextIntent; confidence: number } {
  const features = featuresOf(text)
  const norm = model.scale / Math.sqrt(features.length || 1)
  const scores = textIntents.map((intent) => {
    const weights = model.weights[intent]
    let sum = 0
    for (const feature of features) sum += weights[feature] ?? 0
    return model.biases[intent] + sum * norm
  })
  const best = Math.max(...scores)
  const total = scores.reduce((sum, score) => sum + Math.exp(score - best), 0)
  return { intent: textIntents[scores.indexOf(best)] ?? 'chat', confidence: 1 / total }
}

/** The form in which a model is kept in the repository. */
export interface StoredModel {
  scale: number
  biases: Record<TextIntent, number>
  /** Base64 of one signed byte for each bucket. */
  weights: Record<TextIntent, string>
}

export function loadModel({ scale, biases, weights }: StoredModel): IntentModel {
  const entries = textIntents.map((intent) => {
    const bytes = Buffer.from(weights[intent], 'base64')
    if (bytes.length !== buckets) throw new Error(`the weights of ${intent} are not whole`)
    return [intent, new Int8Array(bytes)] as const
  })
  // Every intent has its entry.
  return { scale, biases, weights: Object.fromEntries(entries) as IntentModel['weights'] }
}
