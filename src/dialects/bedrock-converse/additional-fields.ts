import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { modelTraits } from './model-traits.ts'
import { encodeReasoning, thinks } from './reasoning.ts'

/** What only the vendor of the model has words for. */
export function additionalFields(request: ChatRequest, model: string): Extra {
  return {
    ...encodeReasoning(request, model),
    ...encodeTopK(request, model),
    ...encodeParallel(request, model),
  }
}

function encodeTopK(request: ChatRequest, model: string): Extra {
  const { topK } = request
  const traits = modelTraits(model)
  if (topK === undefined || !traits.topK || thinks(request, model)) return {}
  switch (traits.family) {
    case 'claude':
      return { top_k: topK }
    case 'nova':
      return { inferenceConfig: { topK } }
    default:
      return {}
  }
}

/** Claude's own choice of tools says it beside the one of the wire. */
function encodeParallel(
  { parallelToolCalls, tools, toolChoice }: ChatRequest,
  model: string,
): Extra {
  if (parallelToolCalls !== false || !tools?.length) return {}
  if (modelTraits(model).family !== 'claude') return {}
  switch (toolChoice?.mode) {
    case 'none':
    case 'native':
      return {}
    case 'required':
      return { tool_choice: { type: 'any', disable_parallel_tool_use: true } }
    case 'tool':
      return {
        tool_choice: { type: 'tool', name: toolChoice.name, disable_parallel_tool_use: true },
      }
    default:
      return { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }
  }
}
