import { expect, test } from 'vitest'
import { newId } from '../../src/lib/id.ts'

test('ids are unique, of one length, and sort by time', async () => {
  const ids = Array.from({ length: 10_000 }, () => newId('req'))
  expect(new Set(ids).size).toBe(10_000)
  for (const id of ids) expect(id).toMatch(/^req_[0-9a-hjkmnp-tv-z]{26}$/)
  const time = (id: string) => id.slice(4, 14)
  expect(ids.map(time)).toEqual(ids.map(time).toSorted())
})
