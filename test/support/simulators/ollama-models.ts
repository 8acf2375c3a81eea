import { hexadecimal } from './identifiers.ts'
import type { OpenaiModel } from './openai-models.ts'

export interface OllamaModel extends OpenaiModel {
  /** With its tag. */
  id: string
  capabilities: string[]
  contextLength: number
}

export const ollamaModels: OllamaModel[] = [
  model('llama3.2:latest', ['completion', 'tools']),
  model('qwen3:0.6b', ['completion', 'tools', 'thinking']),
  model('llava:7b', ['completion', 'vision']),
  { ...model('all-minilm:latest', ['embedding']), dimensions: 384, contextLength: 256 },
]

/** A model with these capabilities, of which it is the smallest there could be. */
export function model(id: string, capabilities: string[]): OllamaModel {
  const thinks = capabilities.includes('thinking')
  return {
    id,
    snapshot: id,
    created: 0,
    ownedBy: 'library',
    kind: capabilities.includes('embedding') ? 'embedding' : 'chat',
    refusesStop: false,
    fingerprint: null,
    ...(thinks && { effort: 'medium' as const }),
    capabilities,
    contextLength: 131_072,
  }
}

/** `GET /api/tags`; older servers do not say what a model can do. */
export function listModels(models: readonly OllamaModel[], { old }: { old: boolean }): object {
  return {
    models: models.map(({ id, capabilities, contextLength }) => ({
      name: id,
      model: id,
      modified_at: '2025-05-04T17:37:44.706015396-07:00',
      size: 2_019_393_189,
      digest: hexadecimal(64),
      details: { ...details, ...(!old && { context_length: contextLength }) },
      ...(!old && { capabilities }),
    })),
  }
}

/** `POST /api/show` */
export function showModel({ capabilities, contextLength }: OllamaModel): object {
  return {
    modelfile: '# Modelfile',
    template: '{{ .Prompt }}',
    details,
    model_info: {
      'general.architecture': 'llama',
      'llama.context_length': contextLength,
      'llama.embedding_length': 3_072,
    },
    capabilities,
  }
}

const details = {
  parent_model: '',
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: '3.2B',
  quantization_level: 'Q4_K_M',
}
