/** What a request wants, as far as the choice of a model goes. */
export const intents = [
  'chat',
  'code',
  'tests',
  'math',
  'reasoning',
  'agent',
  'vision',
  'long-context',
] as const

export type Intent = (typeof intents)[number]

/** Whether a word is one of them. */
export function isIntent(word: unknown): word is Intent {
  return intents.some((intent) => intent === word)
}

/** What was taken for the intent of a request, and from what. */
export interface IntentGuess {
  intent: Intent
  /** The client's own tag, what the request consists of, or a guess from its text. */
  from: 'tag' | 'request' | 'text'
  /** Of a guess: from 0 to 1. */
  confidence?: number | undefined
}

/** For which model `auto` stands; `[auto]` of the configuration. */
export interface AutoSettings {
  /** Names of models, virtual ones and aliases. */
  models: Readonly<Partial<Record<Intent, string>>>
  /** For intents that are not in `models`. */
  fallback: string | undefined
  /** A prompt of so many tokens is a long one. */
  longContextTokens: number
}

/** Nothing configured: the gateway chooses among all models. */
export const usualAuto: AutoSettings = {
  models: {},
  fallback: undefined,
  longContextTokens: 32_000,
}
