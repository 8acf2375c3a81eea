/** The name under which raw usage of API v1 is kept. */
export const gigachat = 'gigachat'

/** The same of API v2, whose states and files it also understands when they come back. */
export const gigachatV2 = 'gigachat-v2'
