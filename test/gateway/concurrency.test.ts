import { beforeEach, describe, expect, test } from 'vitest'
import { createConcurrency, type Concurrency } from '../../src/gateway/concurrency.ts'
import { deploymentOf } from '../support/deployment.ts'

const free = deploymentOf('free/x')
const busy = { ...free, provider: { ...free.provider, id: 'busy', maxConcurrent: 1 } }
const never = new AbortController().signal
let concurrency: Concurrency
let order: string[]

beforeEach(() => {
  concurrency = createConcurrency({ size: 2, waitMaxMs: 60_000 })
  order = []
})

interface Waiter {
  entered: Promise<() => void>
}

/** Comes with a name, which is noted when it may enter. */
function come(name: string, options: { priority?: number; signal?: AbortSignal } = {}): Waiter {
  const { priority = 0, signal = never } = options
  const entered = concurrency.enter(busy, { priority, signal }).then((leave) => {
    order.push(name)
    return leave
  })
  entered.catch(() => {})
  return { entered }
}

describe('a provider with a bound', () => {
  test('is left alone where it has none', async () => {
    for (let turn = 0; turn < 50; turn += 1) {
      await concurrency.enter(free, { priority: 0, signal: never })
    }
    expect(concurrency.isFree(free)).toBe(true)
  })

  test('takes as many as it may, and the next one when a place is free', async () => {
    const leave = await come('first').entered
    expect(concurrency.isFree(busy)).toBe(false)
    const second = come('second')
    leave()
    const leaveAgain = await second.entered
    expect(order).toEqual(['first', 'second'])
    leaveAgain()
    expect(concurrency.isFree(busy)).toBe(true)
  })

  test('a place is given back once, however often it is said', async () => {
    const leave = await come('first').entered
    leave()
    leave()
    await come('second').entered
    expect(concurrency.isFree(busy)).toBe(false)
  })

  test('lets the higher priority go first, then who waits longest', async () => {
    concurrency = createConcurrency({ size: 9, waitMaxMs: 60_000 })
    const leave = await come('running').entered
    const waiters = [come('low', { priority: -1 }), come('one'), come('two')]
    waiters.push(come('high', { priority: 1 }))
    leave()
    for (const { entered } of [waiters[3], waiters[1], waiters[2], waiters[0]].flatMap(
      (waiter) => waiter ?? [],
    )) {
      const next = await entered
      next()
    }
    expect(order).toEqual(['running', 'high', 'one', 'two', 'low'])
  })

  test('refuses when its queue is full', async () => {
    await come('running').entered
    come('one')
    come('two')
    await expect(come('three').entered).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryAfterMs: 1_000,
      message: expect.stringContaining('queue of 2 is full'),
    })
  })

  test('refuses the last of a lower priority instead of one that is higher', async () => {
    const leave = await come('running').entered
    const [one, two] = [come('one'), come('two')]
    const urgent = come('urgent', { priority: 5 })
    await expect(two.entered).rejects.toMatchObject({ code: 'OVERLOADED' })
    leave()
    const next = await urgent.entered
    next()
    await one.entered
    expect(order).toEqual(['running', 'urgent', 'one'])
  })

  test('refuses who has waited too long', async () => {
    await come('running').entered
    const late = concurrency.enter(busy, { priority: 0, waitMaxMs: 1, signal: never })
    await expect(late).rejects.toMatchObject({ code: 'OVERLOADED' })
    const brief = createConcurrency({ size: 2, waitMaxMs: 1 })
    await brief.enter(busy, { priority: 0, signal: never })
    await expect(brief.enter(busy, { priority: 0, signal: never })).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: expect.stringContaining('1 ms'),
    })
  })

  test('forgets who leaves while it waits', async () => {
    const leave = await come('running').entered
    const client = new AbortController()
    const gone = come('gone', { signal: client.signal })
    const patient = come('patient')
    client.abort(new Error('left'))
    await expect(gone.entered).rejects.toThrow('left')
    leave()
    await patient.entered
    expect(order).toEqual(['running', 'patient'])
    await expect(come('too late', { signal: client.signal }).entered).rejects.toThrow('left')
  })
})

describe('a deployment with a bound of its own', () => {
  const bounds = { maxConcurrent: 1 }
  const one = {
    ...free,
    id: 'pair/one',
    bounds,
    provider: { ...free.provider, id: 'pair', maxConcurrent: 2 },
  }
  const two = { ...one, id: 'pair/two' }
  const waiting = { priority: 0, signal: never }

  test('takes as many as it may, beside those of the same provider', async () => {
    const leave = await concurrency.enter(one, waiting)
    expect([concurrency.isFree(one), concurrency.isFree(two)]).toEqual([false, true])
    const second = concurrency.enter(one, waiting).then(() => order.push('second'))
    await concurrency.enter(two, waiting)
    expect([order, concurrency.isFree(two)]).toEqual([[], false])
    leave()
    await second
    expect(order).toEqual(['second'])
  })

  test('its place is given back where its provider has none', async () => {
    const unbounded = { ...one, id: 'pair/three', bounds: undefined }
    const leaving = [
      await concurrency.enter(unbounded, waiting),
      await concurrency.enter(unbounded, waiting),
    ]
    const left = AbortSignal.abort(new Error('gone'))
    await expect(concurrency.enter(one, { priority: 0, signal: left })).rejects.toThrow('gone')
    const controller = new AbortController()
    const late = concurrency.enter(one, { priority: 0, signal: controller.signal })
    await Promise.resolve()
    controller.abort(new Error('left'))
    await expect(late).rejects.toThrow('left')
    for (const leave of leaving) leave()
    expect(concurrency.isFree(one)).toBe(true)
  })
})
