/** The label of everything that an organisation keeps. */
export const everything = 'all'

/** The labels of an answer and of its invalidation. */
export const labelOf = {
  model: (id: string) => `model:${id}`,
  apiKey: (id: string) => `key:${id}`,
  namespace: (name: string) => `namespace:${name}`,
  tag: (name: string, value: unknown) => `tag:${JSON.stringify([name, value])}`,
}
