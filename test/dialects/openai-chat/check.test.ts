import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { GatewayError } from '../../../src/errors.ts'
import { check, objectCheck } from '../../../src/dialects/openai-chat/check.ts'

const shape = {
  name: z.string().min(1),
  count: z.int().min(0).nullish(),
  list: z.array(z.unknown()).nullish(),
  inner: z.object({ on: z.boolean().nullish() }).nullish(),
  any: z.unknown().optional(),
}
const thing = objectCheck(shape)

/** What a check throws; undefined where it does not. */
function failure(run: () => unknown): { message: string; path: string | undefined } | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { message: error.message, path: error.path }
  }
}

describe('the check of an object', () => {
  test('knows the names of its members', () => {
    expect([...thing.names]).toEqual(['name', 'count', 'list', 'inner', 'any'])
  })

  test.each([
    { name: 'a' },
    { name: 'a', count: null, list: null, inner: null, any: null },
    { name: 'a', count: 3, list: [1, {}], inner: { on: true, more: 1 }, any: [], other: 'x' },
  ])('gives back what came where it passes: %j', (value) => {
    expect(thing.check(value, '')).toBe(value)
  })

  test.each<unknown>([
    {},
    { name: '' },
    { name: 1, count: -1 },
    { count: 0.5 },
    { name: 'a', count: '1' },
    { name: 'a', list: {} },
    { name: 'a', inner: { on: 1 } },
    { name: 'a', inner: [] },
    [],
    [{ name: 'a' }],
    null,
    undefined,
    'a',
    7,
  ])('tells the same flaw as that of the whole schema: %j', (value) => {
    const told = failure(() => thing.check(value, 'at[0]'))
    expect(told).toBeDefined()
    expect(told).toEqual(failure(() => check(z.looseObject(shape), value, 'at[0]')))
  })
})
