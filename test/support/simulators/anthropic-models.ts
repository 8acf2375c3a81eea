/** A model as the service lists it, and what it takes. */
export interface AnthropicModel {
  id: string
  name: string
  createdAt: string
  maxInput: number
  maxOutput: number
  thinking: { enabled: boolean; adaptive: boolean }
  efforts: string[]
  /** Whether temperature, top_p and top_k are taken. */
  sampling: boolean
  prefill: boolean
  /** Whether system turns may stand amid the conversation. */
  systemTurns: boolean
}

const older = { sampling: true, prefill: true, systemTurns: false, efforts: [] }
const newer = {
  sampling: false,
  prefill: false,
  systemTurns: true,
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  thinking: { enabled: false, adaptive: true },
  maxInput: 1_000_000,
  maxOutput: 128_000,
}

export const anthropicModels: AnthropicModel[] = [
  { id: 'claude-fable-5', name: 'Claude Fable 5', createdAt: '2026-07-01T00:00:00Z', ...newer },
  { id: 'claude-opus-5', name: 'Claude Opus 5', createdAt: '2026-07-20T00:00:00Z', ...newer },
  { id: 'claude-sonnet-5', name: 'Claude Sonnet 5', createdAt: '2026-06-10T00:00:00Z', ...newer },
  {
    id: 'claude-sonnet-4-6',
    name: 'Claude Sonnet 4.6',
    createdAt: '2026-02-17T00:00:00Z',
    ...older,
    efforts: ['low', 'medium', 'high', 'max'],
    thinking: { enabled: true, adaptive: true },
    maxInput: 1_000_000,
    maxOutput: 64_000,
  },
  {
    id: 'claude-haiku-4-5-20251001',
    name: 'Claude Haiku 4.5',
    createdAt: '2025-10-15T00:00:00Z',
    ...older,
    thinking: { enabled: true, adaptive: false },
    maxInput: 200_000,
    maxOutput: 64_000,
  },
  {
    id: 'claude-3-haiku-20240307',
    name: 'Claude Haiku 3',
    createdAt: '2024-03-07T00:00:00Z',
    ...older,
    thinking: { enabled: false, adaptive: false },
    maxInput: 200_000,
    maxOutput: 4_096,
  },
]

/** By its name, or by an alias: the name without its date. */
export function findModel(models: AnthropicModel[], name: string): AnthropicModel | undefined {
  return models.find(({ id }) => id === name || id.replace(/-\d{8}$/, '') === name)
}

/** One page of the list. */
export function listModels(models: AnthropicModel[], query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? 20)
  const after = models.findIndex(({ id }) => id === query.get('after_id'))
  const page = models.slice(after + 1, after + 1 + limit)
  return {
    data: page.map((model) => ({
      type: 'model',
      id: model.id,
      display_name: model.name,
      created_at: model.createdAt,
      max_input_tokens: model.maxInput,
      max_tokens: model.maxOutput,
    })),
    has_more: after + 1 + limit < models.length,
    first_id: page.at(0)?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  }
}
