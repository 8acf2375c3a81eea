import type { Money } from '../protocol/settlement.ts'
import type { Deployment } from './catalogue.ts'

/** The deployments that may be called for a request, best first. */
export interface CallOrder {
  first: Deployment
  /** Those after it; ranked by what is known when they are first asked for. */
  others: () => readonly Deployment[]
}

/** Where a request goes, and in which way its deployments are called. */
export interface AttemptPlan {
  order: CallOrder
  mode: AttemptMode
}

/**
 * `ordered`: one after the other. `race`: the first `parallel` at once. `hedge`: the next one as soon as
 * the one before has said nothing for `afterMs`, or for longer than 19 of 20 of its recent answers took to
 * begin. In both, the first content wins and the others are cancelled and accounted for.
 */
export type AttemptMode =
  | { kind: 'ordered' }
  | ({ kind: 'race'; parallel: number } & ParallelBudget)
  | ({ kind: 'hedge'; afterMs: number | 'p95'; parallel: number } & ParallelBudget)

/** What bounds attempts that run beside the first. */
export interface ParallelBudget {
  /** Each of all attempts together, by the estimate of each; one that would go beyond it is not begun. */
  maxCosts?: readonly Money[] | undefined
  /** From the start: no further attempt is begun after it. What runs is never cut by it. */
  deadlineMs?: number | undefined
}

export const inOrder: AttemptMode = { kind: 'ordered' }
