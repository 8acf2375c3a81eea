import { type FeatureSupport, nothingBut, type Support } from '../../protocol/features.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { closeSchema } from '../anthropic-messages/close-schema.ts'
import { bedrockConverse } from './dialect.ts'
import { offersTools } from './encode-tools.ts'
import { modelTraits } from './model-traits.ts'
import { isWithheld, thinks } from './reasoning.ts'

/** What the wire has words for, whatever the model. */
export const bedrockSupport: FeatureSupport = nothingBut({
  temperature: {
    emulated: 'sent as 1, the highest that it takes',
    when: ({ temperature = 0 }) => temperature > 1,
  },
  top_p: 'native',
  max_tokens: 'native',
  stop: 'native',
  tool_error: 'native',
  cache_control: 'native',
  tool_strict: 'native',
  reasoning_history: {
    emulated: 'only thoughts that Bedrock’s models have signed go back to them',
    when: hasUnsignedThoughts,
  },
  json_schema: 'native',
  tools: 'native',
  tool_choice_none: { emulated: 'no tools are sent' },
  tool_choice_required: 'native',
  tool_choice_named: 'native',
  later_system: { emulated: 'all instructions are joined at the beginning' },
  developer: { emulated: 'it is sent as a system instruction' },
  tool_history: toldAsText(),
  parallel_tool_history: toldAsText(),
  image_data: 'native',
  audio: 'native',
  file_data: 'native',
  native_part: 'native',
  refusal_history: { emulated: 'it is sent as text' },
})

/** The same for one model. */
export function bedrockSupportOf(model: string): FeatureSupport {
  const { family, reasoning, topK } = modelTraits(model)
  return {
    ...bedrockSupport,
    ...(topK && { top_k: besideThinking(model) }),
    ...(family === 'claude' && claudeSupport(model)),
    ...(reasoning === 'adaptive' && { reasoning_effort: claudeEffort(model) }),
    ...(reasoning === 'effort' && { reasoning_effort: 'native' }),
    ...(reasoning === 'levels' && {
      reasoning_effort: { emulated: 'there are three degrees', when: isBeyondThree },
    }),
    ...(reasoning === 'budget' && {
      reasoning_effort: {
        emulated: `a number of tokens stands for it, and ${withheldNote}`,
        when: ({ reasoningEffort }) => reasoningEffort !== 'none',
      },
      reasoning_budget: {
        emulated: withheldNote,
        when: (request) => isWithheld(request, model),
      },
    }),
  }
}

const withheldNote = 'it does not think beside a forced tool or a foreign tool call'

function claudeEffort(model: string): Support {
  return { emulated: withheldNote, when: (request) => isWithheld(request, model) }
}

function claudeSupport(model: string): Partial<FeatureSupport> {
  const { sampling, samplingTogether, schemas } = modelTraits(model)
  return {
    ...(sampling
      ? {
          temperature: {
            emulated: 'sent as 1 at most, and not at all beside thinking',
            when: (request) => (request.temperature ?? 0) > 1 || thinks(request, model),
          },
          top_p: {
            emulated: 'it is not sent beside thinking, nor to newer models beside a temperature',
            when: (request) =>
              thinks(request, model) || (request.temperature !== undefined && !samplingTogether),
          },
        }
      : { temperature: 'ignored', top_p: 'ignored' }),
    parallel_tool_calls: 'native',
    json_schema: schemas
      ? { emulated: 'objects may have only the members that the schema names', when: isOpen }
      : 'refused',
    tool_strict: schemas ? 'native' : 'ignored',
  }
}

function isOpen({ responseFormat: format }: ChatRequest): boolean {
  return format?.type === 'json_schema' && closeSchema(format.schema).changed
}

function besideThinking(model: string): FeatureSupport['top_p'] {
  return {
    emulated: 'it is not sent beside thinking',
    when: (request) => thinks(request, model),
  }
}

function toldAsText(): Exclude<FeatureSupport['tool_history'], string> {
  return {
    emulated: 'calls and results are told as text where no tools are offered',
    when: (request) => !offersTools(request),
  }
}

function isBeyondThree({ reasoningEffort }: ChatRequest): boolean {
  return !['none', 'low', 'medium', 'high'].includes(reasoningEffort ?? 'none')
}

function hasUnsignedThoughts({ messages }: ChatRequest): boolean {
  return messages.some(({ parts }) =>
    parts.some(
      (part) =>
        part.type === 'reasoning' &&
        part.signature?.dialect !== bedrockConverse &&
        part.sealed?.dialect !== bedrockConverse,
    ),
  )
}
