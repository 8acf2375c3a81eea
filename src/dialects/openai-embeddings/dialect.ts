/** The name under which passthrough members of this wire are kept. */
export const openaiEmbeddings = 'openai-embeddings'
