import { openaiResponses } from '../dialects/openai-responses/dialect.ts'
import { maxOutputTokensMin } from '../dialects/openai-responses/encode-request.ts'
import { nativeBut } from '../protocol/features.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { openaiResponsesModels } from './openai-models.ts'

/** What the reference of the Responses API says of each feature. */
export const responsesSupport = nativeBut({
  max_tokens: {
    emulated: `a limit below ${maxOutputTokensMin} is raised to it, the least that is taken`,
    when: ({ maxTokens }) => (maxTokens ?? maxOutputTokensMin) < maxOutputTokensMin,
  },
  frequency_penalty: 'ignored',
  presence_penalty: 'ignored',
  seed: 'ignored',
  top_k: 'ignored',
  reasoning_budget: 'ignored',
  cache_control: 'ignored',
  tool_error: 'ignored',
  participant_name: 'ignored',
  reasoning_history: {
    emulated: 'only what was sealed by the same API goes back, other reasoning is left out',
    when: ({ messages }) => messages.some(({ parts }) => parts.some(isUnsealed)),
  },
  stop: 'refused',
  choices: 'refused',
  audio: 'refused',
})

/** Whether a model can be asked for its sealed reasoning; one that does not reason refuses the request. */
export function sealsReasoning(model: string): boolean {
  const known = openaiResponsesModels.find(({ name }) => name === model)
  return known?.features?.includes('reasoning') ?? /^(o\d|gpt-[5-9]|codex)/.test(model)
}

function isUnsealed(part: ChatRequest['messages'][number]['parts'][number]): boolean {
  return part.type === 'reasoning' && part.sealed?.dialect !== openaiResponses
}
