/** The name under which raw usage, signatures and parts of this wire are kept. */
export const gemini = 'gemini'
