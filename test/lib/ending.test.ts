import { describe, expect, test } from 'vitest'
import { End, signalOf } from '../../src/lib/ending.ts'

/** Counts how often it was called. */
function listener() {
  const calls = { count: 0 }
  return { calls, listen: () => void (calls.count += 1) }
}

describe('an ending', () => {
  test('is reached once, and tells whoever listens then', () => {
    const end = new End()
    const first = listener()
    const second = listener()
    const gone = listener()
    end.addEventListener('abort', first.listen)
    end.addEventListener('abort', first.listen)
    end.addEventListener('abort', second.listen)
    end.addEventListener('abort', gone.listen)
    end.removeEventListener('abort', gone.listen)
    expect(end.aborted).toBe(false)
    end.reach('why')
    end.reach('another')
    expect(end).toMatchObject({ aborted: true, reason: 'why' })
    expect([first, second, gone].map(({ calls }) => calls.count)).toEqual([1, 1, 0])
  })

  test('lets a listener stop listening, and listen to nothing more, while it tells', () => {
    const end = new End()
    const late = listener()
    end.addEventListener('abort', () => {
      end.removeEventListener('abort', late.listen)
      end.addEventListener('abort', late.listen)
    })
    end.reach()
    end.reach()
    expect(late.calls.count).toBe(0)
  })

  test('has the reason of an AbortSignal where it is given none', () => {
    const end = new End()
    end.reach()
    const { reason } = AbortSignal.abort()
    expect(end.reason).toMatchObject({ name: reason.name, message: reason.message })
  })

  test('has a real signal for those who ask, before and after', () => {
    const end = new End()
    const { signal } = end
    expect(end.signal).toBe(signal)
    expect(signal.aborted).toBe(false)
    end.reach('why')
    expect(signal).toMatchObject({ aborted: true, reason: 'why' })
    const reached = new End()
    reached.reach('why')
    expect(reached.signal).toMatchObject({ aborted: true, reason: 'why' })
  })
})

describe('the signal of an ending', () => {
  test('is its own', () => {
    const { signal } = new AbortController()
    const end = new End()
    expect(signalOf(signal)).toBe(signal)
    expect(signalOf(end)).toBe(end.signal)
  })

  test('is not guessed for what has none', () => {
    const { aborted, reason } = new End()
    const other = { aborted, reason, addEventListener: () => {}, removeEventListener: () => {} }
    expect(() => signalOf(other)).toThrow(TypeError)
  })
})
