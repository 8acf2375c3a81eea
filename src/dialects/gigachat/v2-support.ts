import type { FeatureSupport } from '../../protocol/features.ts'
import { gigachatSupport } from './support.ts'
import { topLogprobsMax } from './v2-encode-request.ts'
import { isOwnTool } from './v2-native-tools.ts'

const efforts: ReadonlySet<unknown> = new Set(['none', 'low', 'medium', 'high'])

/** What becomes of each feature of a request on the wire of API v2. */
export const gigachatV2Support: FeatureSupport = {
  ...gigachatSupport,
  reasoning_history: 'ignored',
  native_part: 'native',
  reasoning_effort: {
    emulated: 'it knows off, low, medium and high; what is above counts as high, minimal as low',
    when: ({ reasoningEffort }) => !efforts.has(reasoningEffort),
  },
  logprobs: {
    emulated: `it tells at most ${topLogprobsMax} alternatives to a token`,
    when: ({ topLogprobs = 0 }) => topLogprobs > topLogprobsMax,
  },
  native_tools: {
    emulated:
      'GigaChat’s own search, reader of pages, code and pictures stand for those of others, without their settings',
    when: ({ tools = [] }) => tools.some((tool) => tool.kind === 'native' && !isOwnTool(tool)),
  },
}
