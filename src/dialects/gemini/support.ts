import { type FeatureSupport, nativeBut } from '../../protocol/features.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { gemini } from './dialect.ts'
import { isOwnTool } from './encode-tools.ts'
import { imageDetails } from './generation-config.ts'
import { modelTraits } from './model-traits.ts'
import { isOwnEffort } from './thinking-config.ts'

/** What becomes of each feature of a request to one model. */
export function geminiSupportOf(model: string): FeatureSupport {
  const { thinking, readsUrls } = modelTraits(model)
  return {
    ...geminiSupport,
    reasoning_effort: thinking
      ? {
          emulated: 'sent as the nearest degree of thinking that the model has',
          when: ({ reasoningEffort }) => !isOwnEffort(reasoningEffort, model),
        }
      : 'ignored',
    reasoning_budget:
      thinking === 'level'
        ? {
            emulated: 'the effort of the request stands in its place, as the model takes only one',
            when: ({ reasoningEffort }) => reasoningEffort !== undefined,
          }
        : thinking
          ? 'native'
          : 'ignored',
    reasoning_summary: thinking ? geminiSupport.reasoning_summary : 'ignored',
    ...(!readsUrls && { image_url: 'refused', file_url: 'refused' }),
  }
}

/** What the wire has words for. */
export const geminiSupport: FeatureSupport = nativeBut({
  reasoning_summary: {
    emulated: 'thoughts are shown or not; there are no degrees',
    when: ({ reasoningSummary }) => reasoningSummary !== 'auto' && reasoningSummary !== 'omitted',
  },
  end_user: 'ignored',
  cache_control: 'ignored',
  parallel_tool_calls: 'ignored',
  participant_name: 'ignored',
  passthrough: 'ignored',
  reasoning_history: {
    emulated: 'only thoughts that Gemini itself has signed go back to it',
    when: hasUnsignedThoughts,
  },
  image_detail: {
    emulated: 'the highest detail that any image asks for goes for all',
    when: (request) => imageDetails(request).size > 1,
  },
  tool_strict: {
    emulated: 'the arguments of all tools are held to their schemas',
    when: ({ tools = [] }) => tools.some((tool) => tool.kind === 'function' && !tool.strict),
  },
  native_response_format: 'refused',
  custom_tools: 'refused',
  native_tools: {
    emulated: 'Google’s own search, code execution and reader of pages stand for those of others',
    when: ({ tools = [] }) => tools.some((tool) => tool.kind === 'native' && !isOwnTool(tool)),
  },
  tool_choice_native: 'refused',
  later_system: { emulated: 'all instructions are joined at the beginning' },
  developer: { emulated: 'it is sent as a system instruction' },
  refusal_history: { emulated: 'it is sent as text' },
})

function hasUnsignedThoughts({ messages }: ChatRequest): boolean {
  return messages.some(({ parts }) =>
    parts.some((part) => part.type === 'reasoning' && part.signature?.dialect !== gemini),
  )
}
