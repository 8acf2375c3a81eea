import type { Amount, DecidedCandidate, Decision, PassedOver } from './routing.ts'

type Usual = Pick<Decision, 'rules' | 'failedRules' | 'excluded' | 'excludedCount'>

/** A decision as the ledger keeps it, one with each request: what is as usual is absent. */
export type StoredDecision = Omit<Decision, keyof Usual | 'candidates'> & {
  [Member in keyof Usual]?: Usual[Member] | undefined
} & { candidates: readonly StoredCandidate[] }

/** `model` is absent where the deployment's id says it, `source` where it is the model asked for. */
interface StoredCandidate extends Omit<DecidedCandidate, 'model' | 'source' | 'cost'> {
  model?: string | undefined
  source?: DecidedCandidate['source'] | undefined
  /** `same`: as of the candidate before. */
  cost?: Amount | 'same' | undefined
}

/** As it was decided. */
export function decodeDecision(stored: StoredDecision): Decision {
  const { rules = [], failedRules = [], excluded = [], excludedCount = 0, ...others } = stored
  const candidates: DecidedCandidate[] = []
  for (const { model, source = 'model', cost, ...each } of stored.candidates) {
    candidates.push({
      ...each,
      model: model ?? modelOf(each.deployment),
      source,
      cost: cost === 'same' ? candidates.at(-1)?.cost : cost,
    })
  }
  return { ...others, rules, failedRules, candidates, excluded, excludedCount }
}

/** The same from its JSON, which is our own. */
export function parseDecision(text: string): Decision {
  return decodeDecision(JSON.parse(text) as StoredDecision)
}

/** JSON of a decision with what was passed over since. */
export function withPassedOver(text: string, passedOver: readonly PassedOver[]): string {
  return `${text.slice(0, -1)},"passedOver":${JSON.stringify(passedOver)}}`
}

/** What an id begins with, before the number of the credential. */
export function modelOf(deployment: string): string {
  const end = deployment.lastIndexOf('#')
  return end < 0 ? deployment : deployment.slice(0, end)
}
