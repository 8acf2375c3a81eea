import { describe, expect, test } from 'vitest'
import { type AccessToken, TokenSource } from '../../src/providers/gigachat-token.ts'
import type { Send } from '../../src/providers/provider.ts'

const minute = 60_000
const send: Send = () => Promise.reject(new Error('the fetcher of these tests sends nothing'))

/** A source by a clock of the test's, and the answers that it waits for. */
function createSource() {
  const clock = { now: 1_000_000_000_000 }
  const waiting: PromiseWithResolvers<AccessToken>[] = []
  let fetched = 0
  const source = new TokenSource(
    () => {
      fetched += 1
      const answer = Promise.withResolvers<AccessToken>()
      waiting.push(answer)
      return answer.promise
    },
    () => clock.now,
  )
  return {
    clock,
    source,
    fetched: () => fetched,
    answer: (value: string, lifeMs = 30 * minute) =>
      waiting.shift()?.resolve({ value, expiresAtMs: clock.now + lifeMs }),
    fail: (message: string) => waiting.shift()?.reject(new Error(message)),
  }
}

async function started() {
  const made = createSource()
  const first = made.source.token(send)
  made.answer('one')
  await first
  return made
}

describe('a token', () => {
  test('is fetched once for all that wait', async () => {
    const { source, answer, fetched } = createSource()
    const tokens = Array.from({ length: 50 }, () => source.token(send))
    answer('one')
    expect(new Set(await Promise.all(tokens))).toEqual(new Set(['one']))
    expect(fetched()).toBe(1)
  })

  test('serves until a minute before its end', async () => {
    const { source, clock, fetched } = await started()
    clock.now += 29 * minute - 1
    expect(await source.token(send)).toBe('one')
    expect(fetched()).toBe(1)
  })

  test('is renewed in its last minute, while requests go on with it', async () => {
    const { source, clock, answer, fetched } = await started()
    clock.now += 29 * minute + 1
    const tokens = await Promise.all(Array.from({ length: 50 }, () => source.token(send)))
    expect(new Set(tokens)).toEqual(new Set(['one']))
    expect(fetched()).toBe(2)
    answer('two')
    await Promise.resolve()
    await expect.poll(() => source.token(send)).toBe('two')
    expect(fetched()).toBe(2)
  })

  test('that could not be renewed in time serves to its end', async () => {
    const { source, clock, fail, fetched } = await started()
    clock.now += 29 * minute + 1
    await source.token(send)
    fail('down')
    expect(await source.token(send)).toBe('one')
    await expect.poll(fetched).toBe(2)
    clock.now += 1_000
    expect(await source.token(send)).toBe('one')
    expect(fetched()).toBe(3)
  })

  test('that has ended is waited for', async () => {
    const { source, clock, answer } = await started()
    clock.now += 30 * minute
    const next = source.token(send)
    answer('two')
    expect(await next).toBe('two')
  })

  test('that was refused is fetched anew once, however many were refused with it', async () => {
    const { source, answer, fetched } = await started()
    const tokens = Array.from({ length: 50 }, () => {
      source.drop('one')
      return source.token(send)
    })
    answer('two')
    expect(new Set(await Promise.all(tokens))).toEqual(new Set(['two']))
    source.drop('one')
    expect(await source.token(send)).toBe('two')
    expect(fetched()).toBe(2)
  })

  test('that has ended before it came, by a wrong clock, is used all the same', async () => {
    const { source, answer, fetched } = createSource()
    const first = source.token(send)
    answer('one', -60 * minute)
    expect(await first).toBe('one')
    expect(await source.token(send)).toBe('one')
    expect(fetched()).toBe(1)
  })
})

describe('a failure', () => {
  test('is told to all that wait, and to who comes right after it', async () => {
    const { source, clock, fail, answer, fetched } = createSource()
    const tokens = Array.from({ length: 50 }, () => source.token(send))
    fail('down')
    for (const settled of await Promise.allSettled(tokens)) {
      expect(settled).toMatchObject({ status: 'rejected', reason: { message: 'down' } })
    }
    await expect(source.token(send)).rejects.toThrow('down')
    expect(fetched()).toBe(1)
    clock.now += 200
    const next = source.token(send)
    answer('one')
    expect(await next).toBe('one')
  })
})
