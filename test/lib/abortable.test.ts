import { describe, expect, test } from 'vitest'
import { abortable } from '../../src/lib/abortable.ts'

describe('abortable', () => {
  test('return() aborts at once, while next() is waiting for something that never comes', async () => {
    let seen: AbortSignal | undefined
    const stream = abortable([new AbortController().signal], async function* (signal) {
      seen = signal
      yield 1
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
      })
    })
    expect(await stream.next()).toEqual({ value: 1, done: false })
    const waiting = stream.next().catch((error: unknown) => error)
    const returned = stream.return(undefined)
    expect(seen?.aborted).toBe(true)
    expect(await waiting).toBeInstanceOf(Error)
    expect(await returned).toEqual({ value: undefined, done: true })
  })

  test('the outer signal aborts the inner one', async () => {
    const outer = new AbortController()
    const stream = abortable([outer.signal], async function* (signal) {
      yield signal
    })
    const { value: signal } = await stream.next()
    outer.abort('gone')
    expect(signal).toMatchObject({ aborted: true, reason: 'gone' })
  })

  test('one that is aborted already starts aborted', async () => {
    const stream = abortable([AbortSignal.abort()], async function* (signal) {
      yield signal.aborted
    })
    expect((await stream.next()).value).toBe(true)
  })

  test('no listener is left on the outer signal, whether it ends, throws or is returned', async () => {
    const outer = new AbortController()
    let listeners = 0
    const { signal } = outer
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }) as typeof signal.addEventListener
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }) as typeof signal.removeEventListener

    for await (const value of abortable([signal], async function* () {
      yield 1
    }))
      expect(value).toBe(1)
    for await (const _ of abortable([signal], async function* () {
      yield 1
      yield 2
    }))
      break
    const failing = abortable([signal], async function* (): AsyncGenerator<number> {
      yield 1
      throw new Error('bug')
    })
    await failing.next()
    await expect(failing.next()).rejects.toThrow('bug')
    expect(listeners).toBe(0)
  })
})
