/** The name under which raw usage and members of this wire are kept. */
export const ollama = 'ollama'
