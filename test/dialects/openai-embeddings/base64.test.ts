import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { floatsOf, toBase64 } from '../../../src/dialects/openai-embeddings/base64.ts'

const float = fc.float({ noNaN: true })

describe('vectors in base64', () => {
  test('come back as they were, for every float of 32 bits', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1 }), (vector) => {
        expect(floatsOf(toBase64(vector))).toEqual(vector)
      }),
    )
  })

  test('are what the typed array of the language is, in little-endian order', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1 }), (vector) => {
        const bytes = new DataView(new ArrayBuffer(vector.length * 4))
        for (const [at, value] of vector.entries()) bytes.setFloat32(at * 4, value, true)
        expect(toBase64(vector)).toBe(Buffer.from(bytes.buffer).toString('base64'))
      }),
    )
  })

  test('lose of a longer number no more than 32 bits do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }),
        (long) => {
          expect(floatsOf(toBase64(long))).toEqual(long.map(Math.fround))
        },
      ),
    )
  })
})

test('vectors as numbers are left alone', () => {
  expect(floatsOf([0.1, -2, 3e-9])).toEqual([0.1, -2, 3e-9])
})

test.each([[[]], [['1']], [[1, null]], [''], ['AAA='], ['%%%%'], [null], [undefined], [{}], [7]])(
  '%j is no vector',
  (value) => {
    expect(floatsOf(value)).toBeUndefined()
  },
)
