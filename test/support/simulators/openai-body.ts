import type { AnsweredChoice, Completion, TokenCounts } from './openai-answer.ts'
import type { AnsweredCall } from './openai-tools.ts'

/** The JSON answer, members in the recorded order. */
export function completionBody(completion: Completion): object {
  const { id, created, model, serviceTier, tokens } = completion
  return {
    id,
    object: 'chat.completion',
    created,
    model: model.snapshot,
    choices: completion.choices.map((choice) => choiceBody(completion, choice)),
    usage: usageBody(tokens),
    service_tier: serviceTier,
    system_fingerprint: model.fingerprint,
  }
}

export function usageBody({ prompt, cached, reasoning, visible }: TokenCounts): object {
  return {
    prompt_tokens: prompt,
    completion_tokens: reasoning + visible,
    total_tokens: prompt + reasoning + visible,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/**
 * The `logprobs` member of a choice: absent on models that reason, null where none were asked for.
 * With `tokens` undefined it is the null that closes a stream.
 */
export function logprobsMember(
  completion: Pick<Completion, 'model' | 'topLogprobs'>,
  kind: AnsweredChoice['kind'],
  tokens: string[] | undefined,
): { logprobs?: object | null } {
  const { model, topLogprobs } = completion
  if (topLogprobs === undefined) return model.effort ? {} : { logprobs: null }
  if (tokens === undefined || kind === 'calls') return { logprobs: null }
  const list = tokens.map((token) => logprobOf(token, topLogprobs))
  const logprobs =
    kind === 'refusal' ? { content: null, refusal: list } : { content: list, refusal: null }
  return { logprobs }
}

function choiceBody(completion: Completion, choice: AnsweredChoice): object {
  const { index, kind, tokens, calls, finish } = choice
  const text = tokens.join('')
  const message = {
    role: 'assistant',
    content: kind === 'text' ? text : null,
    ...(kind === 'calls' && { tool_calls: calls.map(callBody) }),
    refusal: kind === 'refusal' ? text : null,
    annotations: [],
  }
  const logprobs = logprobsMember(completion, kind, tokens)
  return { index, message, ...logprobs, finish_reason: finish }
}

function callBody({ id, kind, name, fragments }: AnsweredCall): object {
  const text = fragments.join('')
  return kind === 'custom'
    ? { id, type: 'custom', custom: { name, input: text } }
    : { id, type: 'function', function: { name, arguments: text } }
}

/** Longer tokens are less probable; alternatives are the token with a mark, each less probable. */
function logprobOf(token: string, topCount: number): object {
  const top = Array.from({ length: topCount }, (_, rank) =>
    tokenLogprob(rank === 0 ? token : `${token}~${rank}`, -0.01 * token.length - rank),
  )
  return { ...tokenLogprob(token, -0.01 * token.length), top_logprobs: top }
}

function tokenLogprob(token: string, logprob: number): object {
  return { token, logprob, bytes: [...Buffer.from(token)] }
}
