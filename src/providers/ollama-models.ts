import { decodeOllamaError } from '../dialects/ollama/decode-error.ts'
import type { ModelInfo, UpstreamAnswer } from './provider.ts'

/** A name without a tag is that of the tag `latest`. */
export function withTag(name: string): string {
  return /:[^/]*$/.test(name) ? name : `${name}:latest`
}

/** The models of `GET /api/tags`; newer servers say there what each can do. */
export function decodeTags({ status, body, headers }: UpstreamAnswer): ModelInfo[] {
  const { models }: { models?: unknown } = Object(body)
  if (status !== 200 || !Array.isArray(models)) {
    throw decodeOllamaError({ status, body, headers: headers ?? {} })
  }
  return models.flatMap((item: unknown) => {
    const { model, name = model, details, capabilities } = Object(item)
    if (typeof name !== 'string' || name === '') return []
    return [
      {
        name: name.replace(/:latest$/, ''),
        ...length(Object(details)['context_length']),
        ...abilities(capabilities),
      },
    ]
  })
}

/** What `POST /api/show` says of a model: its context stands under the name of its architecture. */
export function decodeShow({ status, body }: UpstreamAnswer): Omit<ModelInfo, 'name'> {
  if (status !== 200) return {}
  const { model_info: info, capabilities } = Object(body)
  const key = `${Object(info)['general.architecture']}.context_length`
  return { ...length(Object(info)[key]), ...abilities(capabilities) }
}

function length(value: unknown): Pick<ModelInfo, 'contextLength'> {
  return typeof value === 'number' && value > 0 ? { contextLength: value } : {}
}

/** Any model that answers can be held to a schema: the server constrains what it may write. */
function abilities(capabilities: unknown): Pick<ModelInfo, 'features' | 'inputModalities'> {
  if (!Array.isArray(capabilities)) return {}
  const known = capabilities.filter((word) => typeof word === 'string')
  return {
    features: known.flatMap((word) => featuresOf[word] ?? []),
    inputModalities: known.includes('vision') ? ['text', 'image'] : ['text'],
  }
}

const featuresOf: Record<string, string[] | undefined> = {
  completion: ['streaming', 'json_schema'],
  tools: ['tools'],
  thinking: ['reasoning'],
  embedding: ['embeddings'],
}
