import type { OpenaiModel } from './openai-models.ts'

export interface GeminiModel extends OpenaiModel {
  generation: number
  thinking: boolean
  inputTokenLimit: number
  outputTokenLimit: number
  /** What the list says that it can be asked for. */
  methods: string[]
}

export const geminiModels: GeminiModel[] = [
  model('gemini-2.0-flash', 2, { outputTokenLimit: 8_192 }),
  model('gemini-2.5-flash', 2.5),
  model('gemini-2.5-pro', 2.5),
  model('gemini-3-flash-preview', 3),
  model('gemini-3.1-pro-preview', 3.1),
  model('gemini-robotics-er-1.5-preview', 2.5),
  { ...model('gemini-embedding-001', 1), kind: 'embedding', methods: ['embedContent'] },
  { ...model('veo-3.0-generate-001', 1), kind: 'embedding', methods: ['predictLongRunning'] },
]

function model(id: string, generation: number, rest: Partial<GeminiModel> = {}): GeminiModel {
  const thinking = generation >= 2.5
  return {
    id,
    snapshot: id,
    created: 0,
    ownedBy: 'google',
    kind: 'chat',
    refusesStop: false,
    fingerprint: null,
    ...(thinking && { effort: 'low' as const }),
    generation,
    thinking,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    methods: ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent'],
    ...rest,
  }
}

/** A page of `GET /v1beta/models`; its token is the number of the first model of the next. */
export function listModels(
  models: readonly GeminiModel[],
  { token, length }: { token: string | null; length: number },
): object {
  const first = Number(token ?? 0)
  const next = first + length
  return {
    models: models.slice(first, next).map((each) => ({
      name: `models/${each.id}`,
      version: '001',
      displayName: each.id,
      inputTokenLimit: each.inputTokenLimit,
      outputTokenLimit: each.outputTokenLimit,
      supportedGenerationMethods: each.methods,
      temperature: 1,
      topP: 0.95,
      topK: 64,
      maxTemperature: 2,
      ...(each.thinking && { thinking: true }),
    })),
    ...(next < models.length && { nextPageToken: String(next) }),
  }
}
