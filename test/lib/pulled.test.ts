import { describe, expect, test } from 'vitest'
import { Pulled, single } from '../../src/lib/pulled.ts'

/** Counts to `last`; 0 is a failure, and each number waits for `gate`. */
class Numbers extends Pulled<number> {
  closed = 0
  gate: Promise<void> = Promise.resolve()
  readonly #numbers: number[]

  constructor(...numbers: number[]) {
    super()
    this.#numbers = numbers
  }

  protected async pull(): Promise<number | undefined> {
    await this.gate
    const number = this.#numbers.shift()
    if (number === 0) throw new Error('none')
    return number
  }

  protected async close(): Promise<void> {
    await Promise.resolve()
    this.closed += 1
  }
}

const done = { done: true, value: undefined }

describe('a generator whose items are pulled', () => {
  test('has them all, then closes once', async () => {
    const numbers = new Numbers(1, 2, 3)
    expect(await Array.fromAsync(numbers)).toEqual([1, 2, 3])
    expect(numbers.closed).toBe(1)
    expect(await numbers.next()).toEqual(done)
    expect(await numbers.return()).toEqual(done)
    expect(numbers.closed).toBe(1)
  })

  test('closes when an item cannot be made, and has none after it', async () => {
    const numbers = new Numbers(1, 0, 2)
    expect(await numbers.next()).toEqual({ done: false, value: 1 })
    await expect(numbers.next()).rejects.toThrow('none')
    expect(numbers.closed).toBe(1)
    expect(await numbers.next()).toEqual(done)
  })

  test('closes when its reader leaves', async () => {
    const numbers = new Numbers(1, 2)
    for await (const number of numbers) {
      expect(number).toBe(1)
      break
    }
    expect(numbers.closed).toBe(1)
  })

  test('closes for a reader that never began', async () => {
    const numbers = new Numbers(1)
    expect(await numbers.return()).toEqual(done)
    expect(numbers.closed).toBe(1)
    expect(await numbers.next()).toEqual(done)
  })

  test('lets a reader go after the item that is being made', async () => {
    const numbers = new Numbers(1, 2)
    const gate = Promise.withResolvers<void>()
    numbers.gate = gate.promise
    const making = numbers.next()
    const order: string[] = []
    const left = [numbers.return(), numbers.return()].map((each) =>
      each.then(() => order.push('left')),
    )
    void making.then(() => order.push('made'))
    expect(numbers.closed).toBe(0)
    gate.resolve()
    await Promise.all(left)
    expect(order).toEqual(['made', 'left', 'left'])
    expect(await making).toEqual({ done: false, value: 1 })
    expect(numbers.closed).toBe(1)
    expect(await numbers.next()).toEqual(done)
  })

  test('lets a reader go that leaves while an item fails', async () => {
    const numbers = new Numbers(0)
    const failing = numbers.next()
    expect(await numbers.return()).toEqual(done)
    await expect(failing).rejects.toThrow('none')
    expect(numbers.closed).toBe(1)
  })

  test('can be thrown into and disposed of', async () => {
    const thrown = new Numbers(1)
    await expect(thrown.throw(new Error('enough'))).rejects.toThrow('enough')
    expect(thrown.closed).toBe(1)
    const disposed = new Numbers(1)
    await disposed[Symbol.asyncDispose]()
    expect(disposed.closed).toBe(1)
  })
})

describe('a generator of one item', () => {
  test('makes it when it is asked for, once', async () => {
    let made = 0
    const one = single(async () => (made += 1))
    expect(made).toBe(0)
    expect(await Array.fromAsync(one)).toEqual([1])
    expect(await one.next()).toEqual(done)
    expect(made).toBe(1)
  })

  test('makes none for a reader that leaves before', async () => {
    let made = 0
    const one = single(async () => (made += 1))
    await one.return(undefined)
    expect(await one.next()).toEqual(done)
    expect(made).toBe(0)
  })

  test('fails as it fails', async () => {
    const one = single(() => Promise.reject(new Error('none')))
    await expect(one.next()).rejects.toThrow('none')
    expect(await one.next()).toEqual(done)
  })
})
