/** The name under which extras, passthrough members and raw usage of this wire are kept. */
export const openaiChat = 'openai-chat'

/** The two names of the upper bound of generated tokens; newer models of OpenAI refuse the first. */
export type MaxTokensField = 'max_tokens' | 'max_completion_tokens'
