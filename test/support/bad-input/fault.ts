/** What is wrong, the members of a body that make it so, and where the answer must point. */
export type BadInput = [name: string, members: object, path: string]

export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** 30 million bytes, in base64. */
export const large = Buffer.alloc(30_000_000).toString('base64')

export const user = { role: 'user', content: 'hello' }
