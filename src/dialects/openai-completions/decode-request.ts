import { z } from 'zod'
import type { ChatRequest } from '../../protocol/request.ts'
import { unreadValues } from '../narrow.ts'
import { check, invalidMember } from '../openai-chat/check.ts'

/** The name under which members of this wire are passed on. */
export const openaiCompletions = 'openai-completions'

/** What a client asked for, and what it asked of the door alone. */
export interface DecodedTextRequest {
  /** One for each prompt. */
  requests: [ChatRequest, ...ChatRequest[]]
  /** The prompts, where each choice is to begin with its own. */
  echoed: string[] | undefined
  includeUsage: boolean
  xrouter: unknown
}

/** OpenAI's own default. */
const maxTokensDefault = 16
const promptsMax = 64

/** Reads the body of a legacy completion request; a problem is thrown as a 400 that names its member. */
export function decodeTextRequest(raw: unknown): DecodedTextRequest {
  const body = check(bodySchema, raw, '')
  checkCombinations(body)
  const prompts = promptsOf(body.prompt)
  const [first, ...further] = prompts.map((prompt) => requestFor(body, prompt))
  if (!first) throw invalidMember('prompt', 'expected at least one prompt')
  return {
    requests: [first, ...further],
    echoed: body.echo === true ? prompts : undefined,
    includeUsage: body.stream_options?.include_usage ?? false,
    xrouter: body.xrouter,
  }
}

const penalty = z.number().min(-2).max(2).nullish()

const bodySchema = z.looseObject({
  model: z.string().min(1),
  prompt: z.unknown().optional(),
  suffix: z.string().nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  best_of: z.int().min(1).max(20).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  echo: z.boolean().nullish(),
  stop: z
    .union([z.string(), z.array(z.string())], { error: 'expected a string or an array of strings' })
    .nullish(),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  seed: z.int().nullish(),
  user: z.string().nullish(),
  xrouter: z.unknown().optional(),
})

type Body = z.infer<typeof bodySchema>

const readMembers: ReadonlySet<string> = new Set(Object.keys(bodySchema.shape))

function checkCombinations({ best_of: best, n, stream, echo, logprobs }: Body): void {
  if (best != null && best < (n ?? 1)) throw invalidMember('best_of', 'it must not be less than n')
  if (best != null && best > 1 && stream === true) {
    throw invalidMember('best_of', 'the best of several answers is known only when all are whole')
  }
  if (echo === true && logprobs != null) {
    throw invalidMember(
      'logprobs',
      'those of an echoed prompt are not known; leave one of the two out',
    )
  }
}

function promptsOf(prompt: unknown): string[] {
  if (typeof prompt === 'string') return [prompt]
  if (!Array.isArray(prompt)) {
    throw invalidMember('prompt', 'expected a string or an array of strings')
  }
  if (prompt.length === 0) throw invalidMember('prompt', 'expected at least one prompt')
  if (prompt.length > promptsMax) {
    throw invalidMember('prompt', `expected at most ${promptsMax} prompts`)
  }
  return prompt.map((each: unknown, index) => {
    if (typeof each === 'string') return each
    const path = `prompt[${index}]`
    if (typeof each !== 'number' && !Array.isArray(each)) {
      throw invalidMember(path, 'expected a string')
    }
    throw invalidMember(
      path,
      'tokens are numbers of one model’s vocabulary and mean nothing to another; send text',
    )
  })
}

function requestFor(body: Body, prompt: string): ChatRequest {
  const members = unreadValues(body, readMembers) ?? {}
  const best = body.best_of ?? 1
  if (best > (body.n ?? 1)) members['best_of'] = best
  return {
    model: body.model,
    messages: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }],
    stream: body.stream ?? false,
    suffix: body.suffix || undefined,
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    maxTokens: body.max_tokens ?? maxTokensDefault,
    frequencyPenalty: body.frequency_penalty ?? undefined,
    presencePenalty: body.presence_penalty ?? undefined,
    stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? undefined),
    seed: body.seed ?? undefined,
    choices: body.n ?? undefined,
    endUserId: body.user ?? undefined,
    ...(body.logprobs != null && { logprobs: true, topLogprobs: body.logprobs }),
    passthrough: { dialect: openaiCompletions, members },
  }
}
