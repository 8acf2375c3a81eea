import { hexadecimal } from './identifiers.ts'
import { OpenaiError } from './openai-error.ts'
import type { OpenaiModel } from './openai-models.ts'
import { spokenThoughts, withThoughts } from './openai-thoughts.ts'
import type { OpenaiVariant } from './openai-variant.ts'
import { type OpenaiOptions, type OpenaiSimulator, startOpenaiSimulator } from './openai.ts'

export type VllmOptions = Pick<OpenaiOptions, 'frameDelayMs' | 'cachedTokens'>

/** vLLM with T-Bank's models: a switch for reasoning in the template, own ids of calls, errors of its own. */
export function startVllmSimulator(options: VllmOptions = {}): Promise<OpenaiSimulator> {
  return startOpenaiSimulator({ ...options, apiKey: 'vllm-simulated', models, variant })
}

const models: OpenaiModel[] = [
  model('t-tech/T-pro-it-2.0', 'medium'),
  model('t-tech/T-pro-it-2.1', undefined),
  model('t-tech/T-lite-it-1.0', undefined),
  { ...model('bge-m3', undefined), kind: 'embedding', dimensions: 1_024 },
]

function model(id: string, effort: OpenaiModel['effort']): OpenaiModel {
  return {
    id,
    snapshot: id,
    created: 1_760_000_000,
    ownedBy: 'vllm',
    kind: 'chat',
    ...(effort && { effort }),
    samples: true,
    refusesStop: false,
    fingerprint: null,
  }
}

const variant: OpenaiVariant = {
  members: ['top_k', 'min_p', 'repetition_penalty', 'chat_template_kwargs'],
  read: (body) => {
    const thinking: unknown = Object(body)['chat_template_kwargs']?.enable_thinking
    return thinking === false ? { ...Object(body), reasoning_effort: 'none' } : body
  },
  failure: (error) => ({
    status: error.status,
    body: error.status === 401 ? { error: 'Unauthorized' } : { error: vllmError(error) },
  }),
  check: ({ messages }) => {
    if (JSON.stringify(messages).includes('"image_url"')) {
      throw new OpenaiError(400, 'At most 0 image(s) may be provided in one prompt.')
    }
  },
  shape: (completion) => {
    completion.id = `chatcmpl-${hexadecimal(32)}`
    for (const call of completion.choices.flatMap(({ calls }) => calls)) {
      call.id = `chatcmpl-tool-${hexadecimal(32)}`
    }
  },
  list: (known) => ({
    object: 'list',
    data: known.map(({ id, created }) => ({
      id,
      object: 'model',
      created,
      owned_by: 'vllm',
      root: id,
      parent: null,
      max_model_len: 40_960,
    })),
  }),
  body: (own, completion) => ({
    ...withThoughts(own, completion, 'reasoning'),
    service_tier: null,
    prompt_logprobs: null,
    kv_transfer_params: null,
  }),
  pieces: (own, completion) => spokenThoughts(own, completion, 'reasoning'),
}

function vllmError({ status, message }: OpenaiError): object {
  return { message, type: types[status] ?? 'InternalServerError', param: null, code: status }
}

const types: Record<number, string | undefined> = {
  400: 'BadRequestError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
}
