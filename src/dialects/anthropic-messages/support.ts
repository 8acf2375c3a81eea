import { features, type FeatureSupport, nothingBut, type Support } from '../../protocol/features.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { closeSchema } from './close-schema.ts'
import { anthropicMessages } from './dialect.ts'
import { effortFor, mayThink, thinks } from './encode-thinking.ts'
import { type ModelTraits, traitsOf } from './model-traits.ts'

/** What becomes of each feature of a request to a model. */
export function anthropicSupport(model: string): FeatureSupport {
  const traits = traitsOf(model)
  return { ...everyModel, ...sampling(traits), ...reasoning(traits), ...ofGeneration(traits) }
}

const everyModel = nothingBut({
  max_tokens: 'native',
  passthrough: 'native',
  native_tools: 'native',
  tool_choice_native: 'native',
  native_response_format: 'native',
  native_part: 'native',
  end_user: 'native',
  cache_control: 'native',
  tool_error: 'native',
  parallel_tool_calls: 'native',
  stop: {
    emulated: 'sequences of white space alone are left out',
    when: ({ stop = [] }) => stop.some((sequence) => sequence.trim() === ''),
  },
  json_object: { emulated: 'it is told to answer with a JSON object' },
  tools: 'native',
  tool_choice_none: 'native',
  tool_choice_required: 'native',
  tool_choice_named: 'native',
  developer: { emulated: 'it is sent as a system message' },
  tool_history: 'native',
  parallel_tool_history: 'native',
  image_url: 'native',
  image_data: 'native',
  image_id: 'native',
  file_url: 'native',
  file_data: 'native',
  file_id: 'native',
  refusal_history: { emulated: 'it is sent as text' },
  reasoning_history: {
    emulated: 'only thoughts that it signed itself go back to it',
    when: ({ messages }) =>
      messages.some(({ parts }) =>
        parts.some(
          (part) =>
            part.type === 'reasoning' &&
            (part.sealed ?? part.signature)?.dialect !== anthropicMessages,
        ),
      ),
  },
})

type Part = Partial<FeatureSupport>

function sampling(traits: ModelTraits): Part {
  if (!traits.sampling) return {}
  const whileThinking = (request: ChatRequest): boolean =>
    !isOwn(request) && thinks(request, traits)
  return {
    temperature: {
      emulated: 'it takes 1 at most, and no other while it thinks',
      when: (request) =>
        !isOwn(request) && ((request.temperature ?? 0) > 1 || whileThinking(request)),
    },
    top_p: {
      emulated: 'it is left out beside a temperature and while it thinks',
      when: (request) =>
        !isOwn(request) &&
        (whileThinking(request) || (request.temperature !== undefined && !traits.samplingTogether)),
    },
    top_k: { emulated: 'it is left out while it thinks', when: whileThinking },
  }
}

function reasoning(traits: ModelTraits): Part {
  if (traits.thinking === 'none') return {}
  const withheld = (request: ChatRequest): boolean => !isOwn(request) && !mayThink(request)
  return {
    reasoning_effort: {
      emulated: effortNote(traits),
      when: (request) =>
        !isOwn(request) && (withheld(request) || differs(request.reasoningEffort, traits)),
    },
    reasoning_budget: budgetSupport(traits, withheld),
    reasoning_summary: 'native',
  }
}

/** The word of an effort goes as it is, or in another form. */
function differs(effort: string | undefined, traits: ModelTraits): boolean {
  return effort !== undefined && effort !== 'none' && effortFor(effort, traits) !== effort
}

function effortNote({ efforts }: ModelTraits): string {
  const form = efforts.length === 0 ? 'as a budget of thinking tokens' : `as ${efforts.join(', ')}`
  return `it is sent ${form}; beside a forced tool or a foreign tool call it does not think`
}

function budgetSupport(traits: ModelTraits, withheld: (request: ChatRequest) => boolean): Support {
  if (traits.thinking === 'adaptive') return { emulated: 'it decides itself how much it thinks' }
  return {
    emulated:
      'it thinks for 1024 tokens at least, and not beside a forced tool or a foreign tool call',
    when: (request) =>
      withheld(request) || (!isOwn(request) && (request.reasoningBudgetTokens ?? 1024) < 1024),
  }
}

function ofGeneration(traits: ModelTraits): Part {
  return {
    tool_strict: traits.schemas ? 'native' : 'ignored',
    json_schema: traits.schemas
      ? { emulated: 'objects may have only the members that the schema names', when: isOpen }
      : 'refused',
    later_system: traits.systemTurns
      ? 'native'
      : { emulated: 'all instructions are joined at the beginning', when: hasLaterSystem },
  }
}

function isOpen(request: ChatRequest): boolean {
  const { responseFormat: format } = request
  return !isOwn(request) && format?.type === 'json_schema' && closeSchema(format.schema).changed
}

/** System messages that stand together at the beginning are joined without a loss. */
function hasLaterSystem(request: ChatRequest): boolean {
  const first = request.messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  const later = first < 0 ? [] : request.messages.slice(first)
  return features.later_system.find({ ...request, messages: later }).length > 0
}

function isOwn({ passthrough }: ChatRequest): boolean {
  return passthrough?.dialect === anthropicMessages
}
