import type { Deployment, Target } from '../catalogue.ts'
import { fixedCheck, fixedKey, type Scene } from './filters.ts'
import type { RouteQuery } from './query.ts'
import type { Excluded } from './reasons.ts'

/** The deployments of a target against whom nothing speaks that lasts, and the others. */
export interface Eligible {
  /** Those of one priority together, the preferred first. */
  tiers: readonly (readonly Deployment[])[]
  excluded: readonly Excluded[]
}

const known = new WeakMap<Target, Map<string, Eligible>>()

/** Clients may ask for anything: what was found for other wishes is forgotten, and long ones are not remembered. */
const wishesMax = 50
const wishCharsMax = 2_000

/** Found once for all requests that wish alike, until the catalogue makes the target anew. */
export function eligibleOf(query: RouteQuery, scene: Scene): Eligible {
  const { target } = scene
  let byWishes = known.get(target)
  if (!byWishes) known.set(target, (byWishes = new Map()))
  const key = fixedKey(query, scene)
  let found = byWishes.get(key)
  if (!found) {
    found = sorted(target.deployments, fixedCheck(query, scene))
    if (byWishes.size >= wishesMax) byWishes.clear()
    if (key.length <= wishCharsMax) byWishes.set(key, found)
  }
  return found
}

function sorted(
  deployments: readonly Deployment[],
  check: ReturnType<typeof fixedCheck>,
): Eligible {
  const eligible: Deployment[] = []
  const excluded: Excluded[] = []
  for (const deployment of deployments) {
    const reason = check(deployment)
    if (reason === undefined) eligible.push(deployment)
    else excluded.push({ deployment, reason })
  }
  // The target has the lower priority numbers first, and so do the groups.
  const tiers = Map.groupBy(eligible, ({ priority }) => priority)
  return { tiers: [...tiers.values()], excluded }
}
