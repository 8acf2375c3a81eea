import type { ScoreParts } from '../../protocol/routing.ts'
import type { Deployment } from '../catalogue.ts'

/** A deployment in its place among others. */
export interface Ranked {
  deployment: Deployment
  /** The lower the better; absent where the order is given. */
  score?: number
  parts?: ScoreParts
}

/** The `count` deployments of the lowest scores, the lowest first; of equal ones the earlier. */
export function lowest(
  deployments: readonly Deployment[],
  count: number,
  score: (deployment: Deployment) => number,
): Ranked[] {
  const ranked: { deployment: Deployment; score: number }[] = []
  for (const deployment of deployments) {
    const own = score(deployment)
    if (ranked.length === count && own >= (ranked[count - 1]?.score ?? Infinity)) continue
    let place = ranked.length
    while (place > 0 && (ranked[place - 1]?.score ?? 0) > own) place -= 1
    ranked.splice(place, 0, { deployment, score: own })
    if (ranked.length > count) ranked.pop()
  }
  return ranked
}

/**
 * `count` deployments, each the better of two that are drawn from those that are left: as good as looking
 * at all, and callers that decide at the same moment do not all run to the same one.
 */
export function betterOfTwo(
  deployments: readonly Deployment[],
  count: number,
  { score, random }: { score: (deployment: Deployment) => number; random: () => number },
): Ranked[] {
  const left = [...deployments]
  const ranked: Ranked[] = []
  while (ranked.length < count && left.length > 0) {
    const first = Math.floor(random() * left.length)
    let chosen = first
    let best = scoreAt(left, first, score)
    if (left.length > 1) {
      const second = (first + 1 + Math.floor(random() * (left.length - 1))) % left.length
      const other = scoreAt(left, second, score)
      if (other < best) [chosen, best] = [second, other]
    }
    const [deployment] = left.splice(chosen, 1)
    if (deployment) ranked.push({ deployment, score: best })
  }
  return ranked
}

function scoreAt(
  deployments: readonly Deployment[],
  at: number,
  score: (deployment: Deployment) => number,
): number {
  const deployment = deployments[at]
  return deployment ? score(deployment) : Infinity
}
