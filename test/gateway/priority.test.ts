import { expect, test } from 'vitest'
import { priorityOf } from '../../src/gateway/priority.ts'
import type { Actor } from '../../src/protocol/actor.ts'
import { managerOf } from '../support/actors.ts'

const priorities = new Map([
  ['free', -2],
  ['enterprise', 5],
])

test.each<[string, number | undefined, number | undefined, number]>([
  ['free', undefined, undefined, -2],
  ['free', 3, undefined, -2],
  ['free', -7, undefined, -7],
  ['enterprise', undefined, undefined, 5],
  ['enterprise', 1, undefined, 1],
  ['enterprise', 9, undefined, 5],
  ['pro', undefined, undefined, 0],
  ['pro', 4, undefined, 4],
  ['free', undefined, 8, 8],
  ['enterprise', 5, -3, -3],
])('of a key of the tier %s that asks for %s, under a rule that says %s: %d', (...row) => {
  const [tier, asked, ruled, expected] = row
  const actor = managerOf('org', { tier })
  expect(priorityOf({ actor, hints: { priority: asked } }, priorities, ruled)).toBe(expected)
})

test('the operator’s own is what it asks for', () => {
  const scopes = new Set(['ADMIN'] as const)
  const actor: Actor = {
    kind: 'system',
    id: 'master-key',
    organization: 'org',
    tier: 'system',
    scopes,
    models: null,
  }
  expect(priorityOf({ actor, hints: { priority: 9 } }, priorities, undefined)).toBe(9)
})
