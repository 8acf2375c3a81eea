import type { FeatureSupport } from '../../protocol/features.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { copiedChatSupport } from './support.ts'

interface XaiTraits {
  /** Whether it reasons: then stop sequences and penalties are refused. */
  reasons: boolean
  /** The words that it knows for the effort, the least first. */
  efforts: readonly string[]
}

/** What a model's name says of it. */
export function xaiTraits(model: string): XaiTraits {
  const isFast = model.includes('non-reasoning') || /^grok-(2|3(?!-mini))/.test(model)
  if (isFast) return { reasons: false, efforts: [] }
  if (model.startsWith('grok-3-mini')) return { reasons: true, efforts: ['low', 'high'] }
  if (model.startsWith('grok-4.6')) return { reasons: true, efforts: [...newer, 'xhigh'] }
  if (/^grok-(4\.|[5-9])/.test(model)) return { reasons: true, efforts: newer }
  return { reasons: /^grok-(4|code)/.test(model), efforts: [] }
}

/** The nearest effort that the model knows; undefined where it has no choice. */
export function effortFor(
  model: string,
  { reasoningEffort: asked }: Pick<ChatRequest, 'reasoningEffort'>,
): string | undefined {
  const { efforts } = xaiTraits(model)
  if (asked === undefined || efforts.length === 0 || efforts.includes(asked)) {
    return efforts.length === 0 ? undefined : asked
  }
  const place = scale.indexOf(asked)
  // A word that nobody has heard of is the provider's to judge.
  if (place < 0) return asked
  return efforts.find((each) => scale.indexOf(each) >= place) ?? efforts.at(-1)
}

/** What xAI's wire has words for, whatever the model. */
export const xaiSupport: FeatureSupport = {
  ...copiedChatSupport,
  top_k: 'ignored',
  reasoning_history: 'ignored',
  reasoning_effort: {
    emulated: 'the nearest degree that the model knows is sent',
  },
}

/** The same for one model. */
export function xaiSupportOf(model: string): FeatureSupport {
  const { reasons, efforts } = xaiTraits(model)
  return {
    ...xaiSupport,
    ...(reasons && { stop: 'refused', frequency_penalty: 'ignored', presence_penalty: 'ignored' }),
    reasoning_effort:
      efforts.length === 0
        ? 'ignored'
        : {
            emulated: 'the nearest degree that the model knows is sent',
            when: (request) => effortFor(model, request) !== request.reasoningEffort,
          },
  }
}

const newer = ['none', 'low', 'medium', 'high']
const scale = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']
