import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { mayThink } from '../anthropic-messages/encode-thinking.ts'
import { bedrockConverse } from './dialect.ts'
import { modelTraits } from './model-traits.ts'

type Asked = Pick<
  ChatRequest,
  'messages' | 'toolChoice' | 'reasoningEffort' | 'reasoningBudgetTokens' | 'maxTokens'
>

/** The least that Claude takes for its thinking. */
const budgetMin = 1_024

/** Whether a request switches on a thinking beside which nothing can be set of sampling. */
export function thinks(request: Asked, model: string): boolean {
  return 'thinking' in encodeReasoning(request, model)
}

/** The vendor's own fields for how much a model thinks. */
export function encodeReasoning(request: Asked, model: string): Extra {
  const { reasoningEffort: effort } = request
  const { reasoning } = modelTraits(model)
  if (isWithheld(request, model)) return {}
  switch (reasoning) {
    case 'adaptive':
      if (effort === undefined || effort === 'none') return {}
      return { thinking: { type: 'adaptive' }, output_config: { effort: claudeEffort(effort) } }
    case 'budget': {
      const budget = budgetFor(request)
      return budget === undefined ? {} : { thinking: { type: 'enabled', budget_tokens: budget } }
    }
    case 'effort':
      return effort === undefined ? {} : { reasoning_effort: effort }
    case 'levels':
      if (effort === undefined || effort === 'none') return {}
      return { reasoningConfig: { type: 'enabled', maxReasoningEffort: threeLevels(effort) } }
    case 'none':
      return {}
    default:
      return reasoning satisfies never
  }
}

/** Claude does not think beside a forced tool, nor in a turn that began without its own thinking. */
export function isWithheld(request: Asked, model: string): boolean {
  return modelTraits(model).family === 'claude' && !mayThink(request, bedrockConverse)
}

/** Thinking must leave room for the answer; where there is none the model does not think. */
function budgetFor({
  reasoningEffort,
  reasoningBudgetTokens,
  maxTokens,
}: Omit<Asked, 'messages' | 'toolChoice'>): number | undefined {
  const asked = reasoningBudgetTokens ?? budgets.get(reasoningEffort ?? 'none')
  if (asked === undefined || asked === 0) return undefined
  const budget = Math.max(budgetMin, asked)
  if (maxTokens === undefined) return budget
  return maxTokens > budgetMin ? Math.min(budget, maxTokens - 1) : undefined
}

const budgets: ReadonlyMap<string, number> = new Map([
  ['minimal', 1_024],
  ['low', 2_048],
  ['medium', 8_192],
  ['high', 16_384],
  ['xhigh', 32_768],
  ['max', 32_768],
])

function claudeEffort(effort: string): string {
  return effort === 'minimal' ? 'low' : effort
}

function threeLevels(effort: string): string {
  if (effort === 'minimal') return 'low'
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort
}
