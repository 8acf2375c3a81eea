import { describe, expect, test } from 'vitest'
import { flat } from '../../src/lib/flat.ts'

async function* lists(...given: readonly (readonly number[])[]): AsyncGenerator<readonly number[]> {
  yield* given
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe('lists made flat', () => {
  test('are their items in order, and an empty list is nothing', async () => {
    expect(await all(flat(lists([1, 2], [], [3], [])))).toEqual([1, 2, 3])
    expect(await all(flat(lists()))).toEqual([])
  })

  test('end in the failure of their source, after what came before it', async () => {
    const seen: number[] = []
    const failing = flat(
      (async function* () {
        yield [1, 2]
        throw new Error('broken')
      })(),
    )
    const read = async (): Promise<void> => {
      for await (const item of failing) seen.push(item)
    }
    await expect(read()).rejects.toThrow('broken')
    expect(seen).toEqual([1, 2])
    expect(await failing.next()).toEqual({ done: true, value: undefined })
  })

  test('close their source when their reader leaves in the middle of a list', async () => {
    let closed = false
    const source = (async function* () {
      try {
        yield [1, 2, 3]
      } finally {
        closed = true
      }
    })()
    const stream = flat(source)
    for await (const item of stream) if (item === 2) break
    expect(closed).toBe(true)
    expect((await stream.next()).done).toBe(true)
  })
})
