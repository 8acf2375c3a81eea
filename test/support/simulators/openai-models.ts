export interface OpenaiModel {
  /** The alias that clients send. */
  id: string
  /** The dated name that answers carry. */
  snapshot: string
  created: number
  ownedBy: string
  kind: 'chat' | 'completion' | 'embedding'
  /** The effort where the request names none; absent for models that do not reason. */
  effort?: ReasoningEffort
  /** Whether `stop` is refused, as by the o-series. */
  refusesStop: boolean
  fingerprint: string | null
  /** Whether a model that reasons takes the older name of the limit, as on servers that copied OpenAI. */
  takesOlderLimit?: boolean
  /** Length of the vectors of a model that makes them. */
  dimensions?: number
  /** Whether a model that reasons takes sampling parameters nevertheless, as those of others do. */
  samples?: boolean
}

type ReasoningEffort = keyof typeof reasoningTokens

/** Tokens that a simulated model thinks for, by effort. */
export const reasoningTokens = {
  none: 0,
  minimal: 0,
  low: 64,
  medium: 128,
  high: 192,
  xhigh: 256,
  max: 320,
}

/** What a server that copied OpenAI may serve. */
export const reasoner: OpenaiModel = reasoningModel('reasoner', 'reasoner', {
  takesOlderLimit: true,
})

export const openaiModels: OpenaiModel[] = [
  chatModel('gpt-4o', 'gpt-4o-2024-08-06', { created: 1715367049 }),
  chatModel('gpt-4o-mini', 'gpt-4o-mini-2024-07-18', { created: 1721172741 }),
  chatModel('gpt-4.1', 'gpt-4.1-2025-04-14', { created: 1744316542 }),
  chatModel('gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14', { created: 1744318173 }),
  chatModel('gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14', { created: 1744321707 }),
  chatModel('gpt-3.5-turbo', 'gpt-3.5-turbo-0125', { created: 1677610602, fingerprint: null }),
  reasoningModel('gpt-5', 'gpt-5-2025-08-07', { created: 1754425777 }),
  reasoningModel('gpt-5-mini', 'gpt-5-mini-2025-08-07', { created: 1754425928 }),
  reasoningModel('gpt-5-nano', 'gpt-5-nano-2025-08-07', { created: 1754426384 }),
  // Without an effort gpt-5.4 does not reason, and takes sampling parameters and logprobs.
  reasoningModel('gpt-5.4', 'gpt-5.4-2026-03-05', { created: 1772700000, effort: 'none' }),
  reasoningModel('o3', 'o3-2025-04-16', { created: 1744225308, refusesStop: true }),
  reasoningModel('o4-mini', 'o4-mini-2025-04-16', { created: 1744225351, refusesStop: true }),
  {
    ...chatModel('gpt-3.5-turbo-instruct', 'gpt-3.5-turbo-instruct:20230824-v2'),
    kind: 'completion',
  },
  embeddingModel('text-embedding-3-small', 1_536),
  embeddingModel('text-embedding-3-large', 3_072),
  { ...embeddingModel('text-embedding-ada-002', 1_536), snapshot: 'text-embedding-ada-002-v2' },
]

function chatModel(id: string, snapshot: string, rest: Partial<OpenaiModel> = {}): OpenaiModel {
  return {
    id,
    snapshot,
    created: 1_700_000_000,
    ownedBy: 'system',
    kind: 'chat',
    refusesStop: false,
    fingerprint: 'fp_683410201e',
    ...rest,
  }
}

function reasoningModel(
  id: string,
  snapshot: string,
  rest: Partial<OpenaiModel> = {},
): OpenaiModel {
  return { ...chatModel(id, snapshot), effort: 'medium', fingerprint: null, ...rest }
}

function embeddingModel(id: string, dimensions: number): OpenaiModel {
  return { ...chatModel(id, id), kind: 'embedding', dimensions }
}

export function findModel(models: OpenaiModel[], name: string): OpenaiModel | undefined {
  return models.find((model) => model.id === name || model.snapshot === name)
}

/** What `GET /v1/models` lists: every alias and every snapshot. */
export function listModels(models: OpenaiModel[]): object {
  const data = models.flatMap((model) => {
    const names = new Set([model.id, model.snapshot])
    return [...names].map((name) => modelObject(model, name))
  })
  return { object: 'list', data }
}

export function modelObject(model: OpenaiModel, name: string): object {
  return { id: name, object: 'model', created: model.created, owned_by: model.ownedBy }
}
