import type { BadInput } from './fault.ts'

/** Bodies that `POST /v1/completions` refuses. */
export const completionsFaults: readonly BadInput[] = [
  ['no model', { model: undefined }, 'model'],
  ['no prompt', { prompt: undefined }, 'prompt'],
  ['no prompts', { prompt: [] }, 'prompt'],
  ['a prompt that is an object', { prompt: {} }, 'prompt'],
  ['a prompt of tokens', { prompt: [[1, 2]] }, 'prompt[0]'],
  ['no tokens at all', { max_tokens: 0 }, 'max_tokens'],
  ['a temperature in words', { temperature: 'hot' }, 'temperature'],
  ['half a choice', { n: 1.5 }, 'n'],
  ['stop sequences that are a number', { stop: 1 }, 'stop'],
  ['a stream in words', { stream: 'yes' }, 'stream'],
  ['an unknown member of our own', { xrouter: { fallback: ['demo/echo'] } }, 'xrouter.fallback'],
]
