import type { OpenaiError } from './openai-error.ts'
import type { OpenaiModel } from './openai-models.ts'
import type { OpenaiVariant } from './openai-variant.ts'
import { type OpenaiOptions, type OpenaiSimulator, startOpenaiSimulator } from './openai.ts'

export type MwsOptions = Pick<OpenaiOptions, 'frameDelayMs' | 'cachedTokens'>

/** MWS GPT of a project, whose models are deployments and whose errors are codes. */
export function startMwsSimulator(options: MwsOptions = {}): Promise<OpenaiSimulator> {
  return startOpenaiSimulator({ ...options, apiKey: 'mws-simulated', models, variant })
}

const models: OpenaiModel[] = [
  model('qwen3-32b'),
  model('bge-reranker-v2-m3'),
  { ...model('bge-m3'), kind: 'embedding', dimensions: 1_024 },
]

function model(id: string): OpenaiModel {
  return {
    id,
    snapshot: id,
    created: 1_760_000_000,
    ownedBy: 'mws',
    kind: 'chat',
    effort: 'low',
    samples: true,
    refusesStop: false,
    fingerprint: null,
  }
}

const basePath = '/projects/simulated/openai/v1'

const variant: OpenaiVariant = {
  basePath,
  locate: (path) => ({
    path: path.startsWith(basePath) ? `/v1${path.slice(basePath.length)}` : 'nowhere',
  }),
  failure: (error) => ({ status: error.status, body: { error: mwsError(error) } }),
}

/** The envelope is not documented; the codes are. */
function mwsError({ status, code, message }: OpenaiError): object {
  if (code === 'model_not_found') return { code: 'DEPLOYMENT_NOT_FOUND', message }
  return { code: codes[status] ?? 'INTERNAL', message }
}

const codes: Record<number, string | undefined> = {
  400: 'INVALID_PARAMETER_COMBINATION',
  401: 'UNAUTHORIZED',
  403: 'ACCESS_DENIED',
  404: 'BASEPATH_NOT_FOUND',
}
