import { isDeepStrictEqual } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import type { ChatEvent } from '../../src/protocol/event.ts'
import { type DoorCase, doors, throughStream, throughWhole } from '../support/every-door/doors.ts'
import { losses } from '../support/every-door/losses.ts'
import { type Told, toldBy } from '../support/every-door/told.ts'
import { recordedAnswers } from '../support/every-door/upstreams.ts'
import { hasRecordings, requireServices } from '../support/recorded.ts'

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

const answers = await recordedAnswers()

describe.skipIf(!hasRecordings)('every recorded answer through every door', () => {
  const counts: Record<string, Record<string, number>> = {}
  const lost: Record<string, Record<string, number>> = {}

  /** What a client must be able to read, once it is clear what the door has no place for. */
  const expected = (events: readonly ChatEvent[], { path }: DoorCase): Told => {
    let told = toldBy(events)
    for (const { doors: paths, what, without } of losses) {
      if (!paths.includes(path)) continue
      const left = without(told, events)
      if (!isDeepStrictEqual(left, told)) {
        const row = (lost[what] ??= {})
        row[path] = (row[path] ?? 0) + 1
      }
      told = left
    }
    return told
  }

  afterAll(() => {
    console.table(counts)
    console.table(lost)
  })

  describe.each(doors)('$path', (door) => {
    it.each(answers)(
      '$provider $dialect $name',
      async ({ dialect, provider, isStream, events }) => {
        const said = await events()
        const told = expected(said, door)
        const whole = await throughWhole(door, said)
        expect(withoutIds(whole)).toEqual(told)
        const streamed = throughStream(door, said)
        expect(withoutIds(streamed)).toEqual(told)
        for (const { ids, strangers } of [...whole.choices, ...streamed.choices]) {
          expect([new Set(ids).size, ids.includes('')]).toEqual([ids.length, false])
          if (dialect !== door.door.dialect) expect(strangers).toEqual([])
        }
        const row = (counts[`${provider} ${dialect} ${isStream ? 'streamed' : 'whole'}`] ??= {})
        row[door.path] = (row[door.path] ?? 0) + 1
      },
    )
  })

  it('loses nothing that is not named, and names nothing that is not lost', () => {
    const named = losses.map(({ what }) => what).toSorted()
    expect(Object.keys(lost).toSorted()).toEqual(named)
  })
})

function withoutIds({ choices, usage }: Told): Told {
  return { choices: choices.map((choice) => ({ ...choice, ids: [], strangers: [] })), usage }
}
