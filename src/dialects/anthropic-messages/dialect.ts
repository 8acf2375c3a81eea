/** The name under which extras, passthrough members, signatures, native parts and raw usage of this wire are kept. */
export const anthropicMessages = 'anthropic-messages'
