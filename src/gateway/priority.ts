import type { Call } from './call.ts'

/** Of the configuration, by tier: what its keys have, and at most. */
export type Priorities = ReadonlyMap<string, number>

/**
 * Who goes first where not everybody can: what a rule says; else what the request asks for, up to what the
 * tier of its key has; else that of the tier; else 0. Higher goes first.
 */
export function priorityOf(
  { actor, hints }: Pick<Call, 'actor' | 'hints'>,
  priorities: Priorities,
  ruled: number | undefined,
): number {
  if (ruled !== undefined) return ruled
  const { priority: asked } = hints
  const most = actor.kind === 'system' ? undefined : priorities.get(actor.tier)
  if (most === undefined) return asked ?? 0
  return Math.min(asked ?? most, most)
}
