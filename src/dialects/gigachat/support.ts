import { type FeatureSupport, nothingBut } from '../../protocol/features.ts'
import { functionPath } from './encode-request.ts'
import { simplifySchema } from './simplify-schema.ts'

const efforts: ReadonlySet<unknown> = new Set(['low', 'medium', 'high'])

/** What becomes of each feature of a request on this wire. */
export const gigachatSupport: FeatureSupport = nothingBut({
  temperature: 'native',
  top_p: 'native',
  max_tokens: 'native',
  reasoning_history: 'native',
  json_schema: 'native',
  tool_choice_none: 'native',
  tool_choice_named: 'native',
  tool_history: 'native',
  image_id: 'native',
  file_id: 'native',
  reasoning_effort: {
    emulated:
      'it knows low, medium and high; what is above counts as high, what is below as unsaid',
    when: ({ reasoningEffort }) => !efforts.has(reasoningEffort),
  },
  parallel_tool_calls: {
    emulated: 'it makes one call in a turn',
    when: ({ parallelToolCalls }) => parallelToolCalls === true,
  },
  tools: {
    emulated:
      'what its schemas lack (unions, cycles, numbers in enums, most formats) stands in descriptions',
    when: ({ tools = [] }) =>
      tools.some(
        (tool, index) =>
          tool.kind === 'function' && simplifySchema(tool.parameters, functionPath(index)).said,
      ),
  },
  tool_choice_required: { emulated: 'the only tool is named; with several it is refused' },
  later_system: { emulated: 'all instructions are joined in one message at the beginning' },
  developer: { emulated: 'it is sent as a system message' },
  parallel_tool_history: { emulated: 'each call is told as a turn of its own with its result' },
  refusal_history: { emulated: 'it is sent as text' },
})
