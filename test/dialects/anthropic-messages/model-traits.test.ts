import { expect, test } from 'vitest'
import { traitsOf } from '../../../src/dialects/anthropic-messages/model-traits.ts'

test.each([
  ['claude-3-haiku-20240307', 'none', true, true, 0],
  ['claude-3-7-sonnet-20250219', 'budget', true, true, 0],
  ['claude-sonnet-4-20250514', 'budget', true, true, 0],
  ['claude-4-opus-20250514', 'budget', true, true, 0],
  ['claude-haiku-4-5-20251001', 'budget', true, true, 0],
  ['claude-opus-4-5', 'budget', true, true, 3],
  ['claude-sonnet-4-6', 'both', true, true, 4],
  ['claude-opus-4-6-20260205', 'both', true, false, 4],
  ['claude-opus-4-7', 'adaptive', false, false, 5],
  ['claude-opus-5', 'adaptive', false, false, 5],
  ['claude-sonnet-5-20260610', 'adaptive', false, false, 5],
  ['something-else', 'adaptive', false, false, 5],
])('%s thinks by %s, tuned: %s, prefilled: %s, with %i efforts', (model, ...expected) => {
  const { thinking, sampling, prefill, efforts } = traitsOf(model)
  expect([thinking, sampling, prefill, efforts.length]).toEqual(expected)
})
