import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { doors, throughStream, throughWhole } from '../../support/every-door/doors.ts'
import { toldBy } from '../../support/every-door/told.ts'
import { delta, eventsOf, finish, type Members } from './wire.ts'

const withCalls = doors.filter(({ path }) => path !== '/v1/completions')

/** Opens every call, and then says the pieces of all in the order of `turns`. */
function interleaved(written: readonly string[][], turns: readonly number[]): Members[] {
  const left = written.map((pieces) => [...pieces])
  const call = (index: number, item: Members): Members =>
    delta({ tool_calls: [{ index, ...item }] })
  const next = (index: number): Members[] => {
    const piece = left[index]?.shift()
    return piece === undefined ? [] : [call(index, { function: { arguments: piece } })]
  }
  return [
    ...written.map((_, index) =>
      call(index, {
        id: `call_${index}`,
        type: 'function',
        function: { name: `f${index}`, arguments: '' },
      }),
    ),
    ...turns.flatMap((turn) => next(turn % written.length)),
    ...written.flatMap((pieces, index) => pieces.flatMap(() => next(index))),
    finish('tool_calls'),
  ]
}

/** A JSON object in pieces of any length, none of which is empty. */
const cutObject = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }), fc.integer({ min: 1, max: 9 }))
  .map(([value, length]) => {
    const text = JSON.stringify(value)
    const starts = Array.from({ length: Math.ceil(text.length / length) }, (_, at) => at * length)
    return starts.map((start) => text.slice(start, start + length))
  })

describe.each(withCalls)('pieces of parallel calls in turn, at $path', (door) => {
  it('reach the call that they belong to', async () => {
    const frames = interleaved([['{"x":"пр', 'ивет"}'], ['{"y":', '2}'], []], [0, 1, 0, 1])
    const events = await eventsOf(frames)
    const streamed = throughStream(door, events)
    expect(streamed.choices[0]?.calls).toEqual([
      { name: 'f0', arguments: { x: 'привет' } },
      { name: 'f1', arguments: { y: 2 } },
      { name: 'f2', arguments: {} },
    ])
  })

  it('whatever their order is', async () => {
    const several = fc.array(cutObject, { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(several, fc.array(fc.nat(3), { maxLength: 30 }), async (written, turns) => {
        const events = await eventsOf(interleaved(written, turns))
        const [told] = toldBy(events).choices
        expect(told?.calls.map((call) => call.arguments)).toEqual(
          written.map((pieces) => JSON.parse(pieces.join(''))),
        )
        expect(throughStream(door, events).choices[0]?.calls).toEqual(told?.calls)
        const whole = await throughWhole(door, events)
        expect(whole.choices[0]?.calls).toEqual(told?.calls)
      }),
      { numRuns: 100 },
    )
  })
})

it('every call is ended once, after all of its pieces', async () => {
  const several = fc.array(cutObject, { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(several, fc.array(fc.nat(3), { maxLength: 30 }), async (written, turns) => {
      const events = await eventsOf(interleaved(written, turns))
      for (const index of written.keys()) {
        const own = events.filter((event) => 'index' in event && event.index === index)
        expect(own.map(({ type }) => type).filter((type) => type !== 'tool-call-delta')).toEqual([
          'tool-call-start',
          'tool-call-end',
        ])
        expect(own.at(-1)?.type).toBe('tool-call-end')
      }
    }),
  )
})

it('a call that is whole ends when the next one opens, so that it can be used at once', async () => {
  const events = await eventsOf([
    delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{"a":1}' } }] }),
    delta({ tool_calls: [{ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }] }),
    finish('tool_calls'),
  ])
  const kinds = events.flatMap((event) =>
    'index' in event ? [`${event.type} ${event.index}`] : [],
  )
  expect(kinds).toEqual([
    'tool-call-start 0',
    'tool-call-delta 0',
    'tool-call-end 0',
    'tool-call-start 1',
    'tool-call-delta 1',
    'tool-call-end 1',
  ])
})
