import { featureNames, type FeatureName } from '../../protocol/features.ts'
import type { Target } from '../catalogue.ts'
import { canRefuse } from '../loss.ts'

/** What is the same for all requests to a target: found once, so that most requests need not look at each deployment. */
export interface TargetFacts {
  /** A request that fits into this fits everywhere. */
  contextLengthMin: number
  outputTokensMin: number
  /** What at least one of the deployments may refuse. */
  refusable: readonly FeatureName[]
  /** Of their prices, in their order. */
  currencies: readonly string[]
  /** Whether a weighted choice leaves somebody out. */
  weighsNothing: boolean
}

const known = new WeakMap<Target, TargetFacts>()

export function factsOf(target: Target): TargetFacts {
  let facts = known.get(target)
  if (!facts) known.set(target, (facts = found(target)))
  return facts
}

function found({ deployments }: Target): TargetFacts {
  const supports = new Set(
    deployments.map(({ provider, model }) => provider.supportOf?.(model) ?? provider.support),
  )
  return {
    contextLengthMin: Math.min(...deployments.map((each) => each.contextLength ?? Infinity)),
    outputTokensMin: Math.min(...deployments.map((each) => each.maxOutputTokens ?? Infinity)),
    refusable: featureNames.filter((name) =>
      [...supports].some((support) => canRefuse(name, support)),
    ),
    currencies: [...new Set(deployments.flatMap(({ rates }) => rates?.currency ?? []))],
    weighsNothing: deployments.some(({ weight }) => weight === 0),
  }
}
