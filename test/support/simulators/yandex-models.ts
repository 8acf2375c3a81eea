import { embeddingModels } from './yandex-embedding.ts'
import type { OpenaiModel } from './openai-models.ts'

export interface YandexModel extends OpenaiModel {
  /** `yandexgpt/latest`. */
  id: string
  /** Whether the service runs another vendor's weights: they have other ids and frames. */
  open: boolean
}

const common = {
  created: 0,
  kind: 'chat' as const,
  // It reasons only where a request switches that on.
  effort: 'none' as const,
  refusesStop: false,
  fingerprint: null,
}

export const yandexModels: YandexModel[] = [
  own('yandexgpt/latest', '09.02.2025'),
  own('yandexgpt/rc', '28.05.2025'),
  own('yandexgpt/deprecated', '07.03.2024'),
  own('yandexgpt-lite/latest', '09.02.2025'),
  own('yandexgpt-lite/latest@tamre4vupta1rql2em5su', '09.02.2025'),
  open('qwen3-235b-a22b-fp8/latest', 'Alibaba'),
]

function own(id: string, version: string): YandexModel {
  return { ...common, id, snapshot: version, ownedBy: 'Yandex', open: false }
}

function open(id: string, ownedBy: string): YandexModel {
  return { ...common, id, snapshot: id, ownedBy, open: true }
}

/** `GET /v1/models`: embeddings stand among them. */
export function listModels(models: YandexModel[], folder: string): object {
  const chat = models.map(({ id, ownedBy }) => listed(`gpt://${folder}/${id}`, ownedBy))
  const vectors = embeddingModels.map((path) => listed(`emb://${folder}/${path}`, 'Yandex'))
  const data = [...vectors, ...chat]
  return { object: 'list', data }
}

function listed(id: string, ownedBy: string): object {
  return { id, object: 'model', owned_by: ownedBy, created: 0 }
}
