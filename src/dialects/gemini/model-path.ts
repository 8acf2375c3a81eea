/** `models/<name>`; a name comes from a client and must stay one step of the path. Tuned models have a collection of their own. */
export function modelPath(model: string): string {
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.+)$/.exec(model) ?? []
  return `${collection}/${encodeURIComponent(name)}`
}
