import { randomInt, randomUUID } from 'node:crypto'
import type { Completion } from './openai-answer.ts'
import { OpenaiError } from './openai-error.ts'
import type { OpenaiModel } from './openai-models.ts'
import type { CompletionRequest } from './openai-request.ts'
import { spokenThoughts, withThoughts } from './openai-thoughts.ts'
import { eachFrame, type OpenaiVariant } from './openai-variant.ts'
import { type OpenaiOptions, type OpenaiSimulator, startOpenaiSimulator } from './openai.ts'
import type { Piece } from './provider.ts'

export type XaiOptions = Pick<OpenaiOptions, 'frameDelayMs' | 'cachedTokens'>

/** xAI's chat completions: reasoning beside the completion, calls in one piece, errors as a string. */
export function startXaiSimulator(options: XaiOptions = {}): Promise<OpenaiSimulator> {
  return startOpenaiSimulator({ ...options, apiKey: 'xai-simulated', models, variant })
}

const models: OpenaiModel[] = [
  model('grok-4.5', 'medium'),
  model('grok-4', 'medium'),
  model('grok-3-mini', 'low'),
  model('grok-3', undefined),
  model('grok-imagine-image', undefined),
]

function model(id: string, effort: OpenaiModel['effort']): OpenaiModel {
  return {
    id,
    snapshot: `${id}-simulated`,
    created: 1_760_000_000,
    ownedBy: 'xai',
    kind: 'chat',
    ...(effort && { effort }),
    samples: true,
    refusesStop: false,
    fingerprint: 'fp_3d7ed3b779',
  }
}

const variant: OpenaiVariant = {
  members: ['search_parameters', 'deferred', 'top_k'],
  failure: (error) => ({
    status: error.status === 401 ? 400 : error.status,
    body: { code: codes[error.status] ?? error.code ?? 'invalid-argument', error: words(error) },
  }),
  check,
  shape: (completion) => {
    completion.id = randomUUID()
    for (const call of completion.choices.flatMap(({ calls }) => calls)) {
      call.id = `call_${randomInt(10_000_000, 100_000_000)}`
      call.fragments = [call.fragments.join('')]
    }
  },
  body: (own, completion) => {
    const { service_tier: _tier, ...body }: { service_tier?: unknown } = own
    return {
      ...(shows(completion) ? withThoughts(body, completion, 'reasoning_content') : body),
      usage: usageOf(completion),
      ...searched(completion),
    }
  },
  pieces: (own, completion) => {
    const thinking = shows(completion) ? spokenThoughts(own, completion, 'reasoning_content') : own
    return eachFrame(wholeCalls(thinking), (frame) => spare(frame, completion))
  },
}

const codes: Record<number, string | undefined> = {
  401: 'invalid-argument',
  403: 'permission-denied',
  404: 'Some requested entity was not found',
  429: 'Some resource has been exhausted',
  503: 'The service is currently unavailable',
}

function words({ status, message }: OpenaiError): string {
  if (status !== 401) return message
  return 'Incorrect API key provided. You can obtain an API key from https://console.x.ai.'
}

/** Only the small model shows what it thinks. */
function shows({ model: { id }, tokens }: Completion): boolean {
  return id === 'grok-3-mini' && tokens.reasoning > 0
}

function check(asked: CompletionRequest, { id, effort }: OpenaiModel): void {
  const refused = [
    ...(effort ? (['stop', 'presence_penalty', 'frequency_penalty'] as const) : []),
    ...(id === 'grok-4' ? (['reasoning_effort'] as const) : []),
  ].find((member) => asked[member] !== undefined && asked[member] !== null)
  if (refused !== undefined) {
    throw new OpenaiError(400, `Model ${id} does not support parameter ${refused}.`)
  }
  const level = asked.reasoning_effort ?? undefined
  const known = id === 'grok-3-mini' ? ['low', 'high'] : ['none', 'low', 'medium', 'high']
  if (level !== undefined && !known.includes(level)) {
    throw new OpenaiError(
      400,
      `This model does not support \`reasoning_effort\` value \`${level}\`.`,
    )
  }
}

/** Reasoning stands outside the completion, and everything is in the total. */
function usageOf({ tokens: { prompt, cached, reasoning, visible } }: Completion): object {
  return {
    prompt_tokens: prompt,
    completion_tokens: visible,
    total_tokens: prompt + visible + reasoning,
    prompt_tokens_details: {
      text_tokens: prompt,
      audio_tokens: 0,
      image_tokens: 0,
      cached_tokens: cached,
    },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    num_sources_used: 0,
    cost_in_usd_ticks: 10 * (prompt + visible + reasoning),
  }
}

/** A prompt that says "search" has its pages. */
function searched({ choices }: Completion): object {
  const asked = choices.some(({ tokens }) => /\bsearch\b/i.test(tokens.join('')))
  return asked ? { citations: ['https://example.com/one', 'https://example.com/two'] } : {}
}

/** Nulls, padding and tiers are left out; the last frame has the pages. */
function spare(frame: Record<string, unknown>, completion: Completion): object {
  const { service_tier: _tier, obfuscation: _padding, usage, choices, ...rest } = frame
  const list: object[] = Array.isArray(choices) ? choices : []
  const closing = list.length === 0 && { usage: usageOf(completion), ...searched(completion) }
  return {
    ...rest,
    choices: list.map((choice) =>
      Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== null)),
    ),
    ...(usage ? closing : {}),
  }
}

/** A call comes whole: its opening and its arguments are one frame. */
function wholeCalls(pieces: readonly Piece[]): Piece[] {
  const whole: Piece[] = []
  for (const piece of pieces) {
    const written =
      /"tool_calls":\[\{"index":\d+,"function":\{"arguments":("(?:[^"\\]|\\.)*")\}\}\]/.exec(
        piece.raw,
      )?.[1]
    const opening = whole.at(-1)
    if (written === undefined || !opening?.raw.includes('"arguments":""')) whole.push(piece)
    else {
      opening.raw = opening.raw.replace('"arguments":""', () => `"arguments":${written}`)
      opening.tokens += piece.tokens
    }
  }
  return whole
}
