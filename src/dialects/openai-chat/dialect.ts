/** The name under which extras, passthrough members and raw usage of this wire are kept. */
export const openaiChat = 'openai-chat'

/** Members that OpenAI's chat completions and responses have under the same name and with the same meaning. */
export const commonMembers: ReadonlySet<string> = new Set([
  'metadata',
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'safety_identifier',
  'moderation',
])

/** What of the members of OpenAI's other APIs is sent on as it is, by their dialects. */
export const sharedMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  'openai-responses': commonMembers,
  'openai-completions': new Set(['logit_bias', 'service_tier', 'metadata']),
}

/** The two names of the upper bound of generated tokens; newer models of OpenAI refuse the first. */
export type MaxTokensField = 'max_tokens' | 'max_completion_tokens'

/** Members that OpenAI itself refuses and some servers that copied it know. */
export interface Extensions {
  /** `top_k`. */
  topK?: boolean
  /** The object `reasoning`: a limit of tokens, how much is shown. */
  reasoning?: boolean
  /** `cache_control` on parts and tools. */
  cacheMarks?: boolean
}
