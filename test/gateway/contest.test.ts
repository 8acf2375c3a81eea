import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AttemptMode } from '../../src/gateway/attempt-plan.ts'
import { openPipeline, read, type Pipeline } from '../support/pipeline.ts'
import type { Controlled } from '../support/simulators/controlled.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let one: OpenaiSimulator
let two: OpenaiSimulator
let three: OpenaiSimulator
let pipeline: Pipeline

beforeAll(async () => {
  one = await startOpenaiSimulator()
  two = await startOpenaiSimulator()
  three = await startOpenaiSimulator()
})

beforeEach(() => {
  pipeline = openPipeline({ one, two, three })
})

afterEach(async () => {
  await pipeline.close()
  const pending = one.pending + two.pending + three.pending
  if (pending > 0) throw new Error('a scripted answer was not asked for')
})

afterAll(async () => {
  await Promise.all([one.close(), two.close(), three.close()])
})

const both = ['one/gpt-4o', 'two/gpt-4o']
const race: AttemptMode = { kind: 'race', parallel: 2 }
const hedgeAtOnce: AttemptMode = { kind: 'hedge', afterMs: 1, parallel: 2 }
const hedgeLate: AttemptMode = { kind: 'hedge', afterMs: 60_000, parallel: 2 }

/** The answer of one that has won: `words`, then its end. */
function say(upstream: Controlled, words = 'I am first'): void {
  upstream.text(words)
  upstream.complete()
}

const attempts = () => pipeline.ledger.at(-1)?.settlement.attempts

describe('a race', () => {
  test('is won by the first content; the other is closed at once and both are on the ledger', async () => {
    const slow = one.controlled()
    const fast = two.controlled()
    const answer = read(pipeline.run({ models: both, mode: race }))
    await Promise.all([slow.received, fast.received])
    slow.startStream()
    say(fast)
    await slow.closed
    const { text, all, types } = await answer
    expect(text).toBe('I am first')
    expect(types.filter((type) => type.startsWith('attempt'))).toEqual([
      'attempt-start',
      'attempt-start',
    ])
    expect(all.at(-1)).toMatchObject({ type: 'end', settlement: { model: 'two/gpt-4o' } })
    expect(attempts()).toMatchObject([
      {
        number: 1,
        model: 'one/gpt-4o',
        status: 'cancelled',
        usage: { estimated: true, outputTokens: 0 },
        cost: { currency: 'USD' },
      },
      { number: 2, model: 'two/gpt-4o', status: 'succeeded', usage: { estimated: false } },
    ])
    expect(attempts()?.[0]?.usage?.inputTokens).toBeGreaterThan(0)
    expect(attempts()?.[0]?.cost?.nanos).toBeGreaterThan(0n)
  })

  test('tells which one answers when it is not the one that began last', async () => {
    const fast = one.controlled()
    const slow = two.controlled()
    const answer = read(pipeline.run({ models: both, mode: race }))
    await Promise.all([slow.received, fast.received])
    say(fast)
    await slow.closed
    const { all } = await answer
    expect(all.find(({ type }) => type === 'attempt-chosen')).toEqual({
      type: 'attempt-chosen',
      number: 1,
      provider: 'one',
      model: 'one/gpt-4o',
      attempts: 2,
    })
    expect(attempts()?.map(({ status }) => status)).toEqual(['succeeded', 'cancelled'])
  })

  test('is not over with a first frame that says nothing', async () => {
    const empty = one.controlled()
    const fast = two.controlled()
    const answer = read(pipeline.run({ models: both, mode: race }))
    await Promise.all([empty.received, fast.received])
    empty.text('')
    say(fast)
    expect((await answer).text).toBe('I am first')
    expect(attempts()?.map(({ status }) => status)).toEqual(['cancelled', 'succeeded'])
  })

  test('goes on with the others when one fails, and with a third in its place', async () => {
    one.next(httpError(500))
    const second = two.controlled()
    const third = three.controlled()
    const answer = read(pipeline.run({ models: [...both, 'three/gpt-4o'], mode: race }))
    await Promise.all([second.received, third.received])
    say(third)
    await second.closed
    expect((await answer).text).toBe('I am first')
    expect(attempts()?.map(({ status }) => status)).toEqual(['failed', 'cancelled', 'succeeded'])
  })

  test('fails with the last failure when all fail', async () => {
    one.next(httpError(500))
    two.next(httpError(503))
    const { last } = await read(pipeline.run({ models: both, mode: race }))
    expect(last).toMatchObject({ type: 'error', settlement: { status: 'failed' } })
    expect(attempts()?.map(({ status }) => status)).toEqual(['failed', 'failed'])
  })

  test('ends with a request that is to blame: the others would refuse it, too', async () => {
    const slow = one.controlled()
    const refused = two.controlled()
    const answer = read(pipeline.run({ models: both, mode: race }))
    await Promise.all([slow.received, refused.received])
    refused.json(400, { error: { message: 'bad', type: 'invalid_request_error' } })
    await slow.closed
    expect((await answer).last).toMatchObject({ type: 'error', error: { code: 'INVALID_REQUEST' } })
    expect(attempts()?.map(({ status }) => status)).toEqual(['cancelled', 'failed'])
  })

  test('closes all of its upstreams when the client leaves, and blames none of them', async () => {
    const [first, second] = [one.controlled(), two.controlled()]
    const client = new AbortController()
    const answer = read(pipeline.run({ models: both, mode: race, signal: client.signal }))
    await Promise.all([first.received, second.received])
    client.abort()
    await Promise.all([first.closed, second.closed])
    await answer
    expect(pipeline.ledger.at(-1)?.settlement.status).toBe('cancelled')
    expect(attempts()?.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
    expect(pipeline.deps.health.snapshot('one').state).toBe('UNKNOWN')
    expect(pipeline.deps.states.of(pipeline.deps.catalogue.resolve('one/gpt-4o')).inFlight).toBe(0)
  })

  test('begins none after its own deadline, and never cuts the winner by it', async () => {
    one.next(httpError(500))
    const winner = two.controlled()
    const mode: AttemptMode = { ...race, deadlineMs: 20 }
    const answer = read(pipeline.run({ models: [...both, 'three/gpt-4o'], mode }))
    await winner.received
    winner.text('still ')
    await new Promise((resolve) => setTimeout(resolve, 40))
    winner.text('here')
    winner.complete()
    expect((await answer).text).toBe('still here')
  })
})

describe('the budget of a race', () => {
  const usd = (nanos: bigint) => ({ currency: 'USD', nanos })

  test.each([
    ['enough for both', usd(1_000_000_000n), 2],
    ['enough for one', usd(100n), 1],
    ['of another currency', { currency: 'RUB', nanos: 1_000_000_000n }, 1],
  ])('%s', async (_name, most, begun) => {
    const first = one.controlled()
    const second = begun === 2 ? two.controlled() : undefined
    const mode: AttemptMode = { ...race, maxCosts: [usd(1_000_000_000n), most] }
    const answer = read(pipeline.run({ models: both, mode }))
    await Promise.all([first.received, second?.received])
    say(first)
    expect((await answer).text).toBe('I am first')
    expect(attempts()).toHaveLength(begun)
  })

  test('does not begin what has no price', async () => {
    const first = one.controlled()
    const mode: AttemptMode = { ...race, maxCosts: [usd(1_000_000_000n)] }
    const answer = read(pipeline.run({ models: ['one/gpt-4o', 'two/gpt-4o-mini'], mode }))
    await first.received
    say(first)
    await answer
    expect(attempts()).toHaveLength(1)
  })
})

describe('a hedge', () => {
  test('begins the second only after its delay', async () => {
    const first = one.controlled()
    const answer = read(pipeline.run({ models: both, mode: hedgeLate }))
    await first.received
    say(first)
    expect((await answer).text).toBe('I am first')
    expect(attempts()).toHaveLength(1)
  })

  test('is won by the second where the first stays silent', async () => {
    const silent = one.controlled()
    const second = two.controlled()
    const answer = read(pipeline.run({ models: both, mode: hedgeAtOnce }))
    await second.received
    say(second)
    await silent.closed
    expect((await answer).text).toBe('I am first')
    expect(attempts()?.map(({ status }) => status)).toEqual(['cancelled', 'succeeded'])
  })

  test('may still be won by the first', async () => {
    const first = one.controlled()
    const second = two.controlled()
    const answer = read(pipeline.run({ models: both, mode: hedgeAtOnce }))
    await Promise.all([first.received, second.received])
    say(first)
    await second.closed
    expect((await answer).text).toBe('I am first')
    expect(attempts()?.map(({ status }) => status)).toEqual(['succeeded', 'cancelled'])
  })

  test('begins no more than it may', async () => {
    const [first, second] = [one.controlled(), two.controlled()]
    const models = [...both, 'three/gpt-4o']
    const answer = read(pipeline.run({ models, mode: hedgeAtOnce }))
    await Promise.all([first.received, second.received])
    say(second)
    await answer
    expect(attempts()).toHaveLength(2)
  })

  test('by p95 waits as long as the recent answers of the first took to begin', async () => {
    const { states, catalogue } = pipeline.deps
    for (let turn = 0; turn < 10; turn += 1) {
      const known = states.begin(catalogue.resolve('one/gpt-4o'))
      known.firstContent(1)
      known.end({
        number: 1,
        provider: 'one',
        model: 'one/gpt-4o',
        status: 'succeeded',
        startedAt: new Date(),
        latencyMs: 1,
      })
    }
    const silent = one.controlled()
    const second = two.controlled()
    const mode: AttemptMode = { kind: 'hedge', afterMs: 'p95', parallel: 2 }
    const answer = read(pipeline.run({ models: both, mode }))
    await second.received
    say(second)
    await silent.closed
    expect((await answer).text).toBe('I am first')
  })
})

describe('one after the other', () => {
  test('within the deadline of the request', async () => {
    const silent = one.controlled()
    const { last } = await read(
      pipeline.run({ models: both.slice(0, 1), hints: { deadlineMs: 30 } }),
    )
    await silent.closed
    expect(last).toMatchObject({
      type: 'error',
      error: { code: 'PROVIDER_TIMEOUT', message: expect.stringContaining('30 ms') },
    })
    expect(attempts()?.map(({ status }) => status)).toEqual(['cancelled'])
    expect(pipeline.deps.health.snapshot('one').state).toBe('UNKNOWN')
  })

  test('an answer that has begun is not cut by it', async () => {
    const slow = one.controlled()
    const answer = read(pipeline.run({ models: both.slice(0, 1), hints: { deadlineMs: 200 } }))
    await slow.received
    slow.text('begun ')
    await new Promise((resolve) => setTimeout(resolve, 250))
    slow.text('in time')
    slow.complete()
    expect((await answer).text).toBe('begun in time')
  })
})
