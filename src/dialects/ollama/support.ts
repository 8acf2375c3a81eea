import { type FeatureSupport, nothingBut } from '../../protocol/features.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { isOwnEffort } from './encode-request.ts'

/** What the wire has words for; whether a model heeds them is its own matter. */
export const ollamaSupport: FeatureSupport = nothingBut({
  temperature: 'native',
  top_p: 'native',
  top_k: 'native',
  max_tokens: 'native',
  frequency_penalty: 'native',
  presence_penalty: 'native',
  seed: 'native',
  stop: 'native',
  logprobs: 'native',
  reasoning_effort: {
    emulated: 'sent as the nearest degree of thinking that there is',
    when: ({ reasoningEffort }) => !isOwnEffort(reasoningEffort),
  },
  reasoning_history: {
    emulated: 'reasoning that is not readable is left out',
    when: hasHiddenReasoning,
  },
  passthrough: 'native',
  json_object: 'native',
  json_schema: 'native',
  tools: 'native',
  tool_choice_none: { emulated: 'the tools are left out' },
  later_system: 'native',
  developer: { emulated: 'it is sent as a system message' },
  tool_history: 'native',
  parallel_tool_history: 'native',
  image_data: 'native',
  refusal_history: { emulated: 'it is sent as text' },
})

function hasHiddenReasoning({ messages }: ChatRequest): boolean {
  return messages.some(({ parts }) =>
    parts.some((part) => part.type === 'reasoning' && part.text === ''),
  )
}
