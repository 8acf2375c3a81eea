import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { anthropicMessages } from './dialect.ts'
import type { ModelTraits } from './model-traits.ts'

/** What a request says of thinking on this wire. */
export interface Thinking {
  thinking?: Extra
  effort?: string
}

/** The least budget that the wire takes. */
const budgetMin = 1024

/** The thinking that a request asks for, as far as the model and the rest of the request allow it. */
export function encodeThinking(
  request: ChatRequest,
  traits: ModelTraits,
  maxTokens: number,
): Thinking {
  const written = writtenThinking(request, traits)
  if (written) return written
  const { reasoningEffort: effort, reasoningBudgetTokens: budget } = request
  const isOff = traits.thinking === 'none' || !mayThink(request)
  if (isOff || (effort === undefined && budget === undefined)) return {}
  if (effort === 'none') return { thinking: { type: 'disabled' } }
  const word = effort === undefined ? undefined : effortFor(effort, traits)
  const spoken = word === undefined ? {} : { effort: word }
  const display = displayOf(request)
  if (traits.thinking === 'adaptive' || (traits.thinking === 'both' && budget === undefined)) {
    return { thinking: { type: 'adaptive', ...display }, ...spoken }
  }
  const tokens = Math.min(budget ?? budgetOf(effort), maxTokens - 1)
  if (tokens < budgetMin) return spoken
  return { thinking: { type: 'enabled', budget_tokens: tokens, ...display }, ...spoken }
}

/** Whether a request will have thinking in its answer. */
export function thinks(request: ChatRequest, traits: ModelTraits): boolean {
  const { thinking } = encodeThinking(request, traits, Infinity)
  return thinking !== undefined && thinking['type'] !== 'disabled'
}

/**
 * With thinking no tool can be forced, and a turn that is under way must have begun with the thinking
 * that its provider signed.
 */
export function mayThink(
  request: Pick<ChatRequest, 'messages' | 'toolChoice'>,
  dialect = anthropicMessages,
): boolean {
  const mode = request.toolChoice?.mode
  if (mode === 'required' || mode === 'tool') return false
  const last = request.messages.findLastIndex(({ role }) => role !== 'tool')
  const turn = request.messages[last]
  if (turn?.role !== 'assistant' || !turn.toolCalls?.length) return true
  const [first] = turn.parts
  const proof = first?.type === 'reasoning' ? (first.sealed ?? first.signature) : undefined
  return proof?.dialect === dialect
}

/** Our words for efforts in the words of a model, or the nearest. */
export function effortFor(effort: string, { efforts }: ModelTraits): string | undefined {
  if (efforts.includes(effort)) return effort
  if (effort === 'minimal') return efforts[0]
  return effort === 'xhigh' || effort === 'max' ? efforts.at(-1) : undefined
}

/** Clients of this dialect say themselves how it is thought; only a budget may be another model's. */
function writtenThinking(request: ChatRequest, traits: ModelTraits): Thinking | undefined {
  const { passthrough, reasoningBudgetTokens: budget } = request
  if (passthrough?.dialect !== anthropicMessages) return undefined
  const { thinking: type, effort = request.reasoningEffort } = passthrough.spellings ?? {}
  const spoken = effort === undefined || effort === 'none' ? {} : { effort }
  if (type === undefined) return spoken
  const display = displayOf(request)
  if (type !== 'enabled') return { thinking: { type, ...display }, ...spoken }
  if (traits.thinking === 'none') return spoken
  if (traits.thinking === 'adaptive')
    return { thinking: { type: 'adaptive', ...display }, ...spoken }
  return { thinking: { type, budget_tokens: budget, ...display }, ...spoken }
}

function displayOf({ reasoningSummary: summary }: ChatRequest): Extra {
  if (summary === undefined) return {}
  return { display: summary === 'omitted' ? summary : 'summarized' }
}

const budgets: ReadonlyMap<string, number> = new Map([
  ['minimal', 1024],
  ['low', 1024],
  ['medium', 4096],
  ['high', 16_384],
  ['xhigh', 32_768],
  ['max', 32_768],
])

function budgetOf(effort = 'medium'): number {
  return budgets.get(effort) ?? 4096
}
