import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { modelTraits, type ModelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'

type Asked = Pick<ChatRequest, 'reasoningEffort' | 'reasoningBudgetTokens' | 'reasoningSummary'>

/** How long to think and whether to show it; undefined where nothing is asked or the model does not think. */
export function thinkingConfig(request: Asked, model: string): Extra | undefined {
  const traits = modelTraits(model)
  if (traits.thinking === undefined) return undefined
  const amount = amountOf(request, traits)
  const shown = showsThoughts(request)
  if (amount === undefined && !shown) return undefined
  return { ...amount, ...(shown && { includeThoughts: true }) }
}

/** Whether the model has the very degree of thinking that a word for an effort means. */
export function isOwnEffort(effort: string | undefined, model: string): boolean {
  const { thinking, thinksAlways } = modelTraits(model)
  if (effort === 'none') return thinking === 'budget' && !thinksAlways
  if (effort === 'minimal') return !thinksAlways
  return effort === undefined || effort === 'low' || effort === 'medium' || effort === 'high'
}

/** Only one of level and budget may be sent, and the newer models want the level. */
function amountOf(
  { reasoningEffort: effort, reasoningBudgetTokens: budget }: Asked,
  traits: ModelTraits,
): Extra | undefined {
  if (traits.thinking === 'level' && effort !== undefined) {
    return { thinkingLevel: levelOf(effort, traits) }
  }
  if (budget !== undefined) return { thinkingBudget: budget }
  return effort === undefined ? undefined : { thinkingBudget: budgetOf(effort, traits) }
}

function levelOf(effort: string, { thinksAlways }: ModelTraits): string {
  const level = levels.get(effort)
  if (level === undefined) throw unknownEffort()
  return level === 'MINIMAL' && thinksAlways ? 'LOW' : level
}

function budgetOf(effort: string, { thinksAlways }: ModelTraits): number {
  const budget = budgets.get(effort)
  if (budget === undefined) throw unknownEffort()
  return budget === 0 && thinksAlways ? budgetMin : budget
}

const levels: ReadonlyMap<string, string> = new Map([
  ['none', 'MINIMAL'],
  ['minimal', 'MINIMAL'],
  ['low', 'LOW'],
  ['medium', 'MEDIUM'],
  ['high', 'HIGH'],
  ['xhigh', 'HIGH'],
  ['max', 'HIGH'],
])

/** The least that a model thinks that cannot be told not to. */
const budgetMin = 128

/** As Google's own OpenAI-compatible API has them. */
const budgets: ReadonlyMap<string, number> = new Map([
  ['none', 0],
  ['minimal', 1_024],
  ['low', 1_024],
  ['medium', 8_192],
  ['high', 24_576],
  ['xhigh', 24_576],
  ['max', 24_576],
])

/** Who asks for reasoning wants to see it, unless the request says otherwise. */
function showsThoughts(request: Asked): boolean {
  const { reasoningEffort: effort, reasoningBudgetTokens: budget, reasoningSummary } = request
  if (reasoningSummary !== undefined) return reasoningSummary !== 'omitted'
  return (effort !== undefined && effort !== 'none') || (budget !== undefined && budget > 0)
}

function unknownEffort(): Error {
  return unsupported('reasoning_effort', `it knows ${[...levels.keys()].join(', ')}`)
}
