import { alphanumeric } from './identifiers.ts'
import type { OpenaiModel } from './openai-models.ts'
import type { CompletionRequest } from './openai-request.ts'
import { type AnsweredCall, callsFor } from './openai-tools.ts'
import { effortTokens } from './openai-validate.ts'
import { sampleOf } from './schema-sample.ts'
import { promptTokens, tokenize } from './tokens.ts'

/** A completion before it is put on the wire as JSON or frames. */
export interface Completion {
  id: string
  created: number
  model: OpenaiModel
  serviceTier: string
  choices: AnsweredChoice[]
  /** How many alternatives each log probability lists; undefined where none were asked for. */
  topLogprobs: number | undefined
  tokens: TokenCounts
}

export interface TokenCounts {
  prompt: number
  cached: number
  reasoning: number
  /** Without the reasoning. */
  visible: number
}

export interface AnsweredChoice {
  index: number
  kind: 'text' | 'refusal' | 'calls'
  /** Tokens of the text or refusal. */
  tokens: string[]
  calls: AnsweredCall[]
  finish: string
}

export interface AnswerOptions {
  model: OpenaiModel
  cachedTokens: (prompt: string[]) => number
}

export function answer(request: CompletionRequest, options: AnswerOptions): Completion {
  const { model } = options
  const prompt = promptTokens(request)
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity
  const reasoning = Math.min(effortTokens(model, request), limit)
  const count = request.n ?? 1
  const choices = Array.from({ length: count }, (_, index) =>
    limited(choiceOf(request, index), limit - reasoning),
  )
  return {
    id: `chatcmpl-${alphanumeric(29)}`,
    created: Math.floor(Date.now() / 1000),
    model,
    serviceTier: tierOf(request.service_tier),
    choices,
    topLogprobs: request.logprobs ? (request.top_logprobs ?? 0) : undefined,
    tokens: {
      prompt: prompt.length,
      cached: options.cachedTokens(prompt),
      reasoning: reasoning * count,
      visible: choices.reduce((sum, choice) => sum + visibleTokens(choice), 0),
    },
  }
}

function lastUserText(request: CompletionRequest): string {
  const message = request.messages.findLast(({ role }) => role === 'user')
  return contentText(message?.content)
}

/** The opening of a call costs a token, like each of its fragments. */
function visibleTokens(choice: AnsweredChoice): number {
  const called = choice.calls.reduce((sum, call) => sum + 1 + call.fragments.length, 0)
  return choice.tokens.length + called
}

function choiceOf(request: CompletionRequest, index: number): AnsweredChoice {
  const asked = lastUserText(request)
  if (/refuse this/i.test(asked)) {
    const tokens = tokenize("I'm sorry, but I can't help with that.")
    return { index, kind: 'refusal', tokens, calls: [], finish: 'stop' }
  }
  const calls = callsFor(request, asked)
  if (calls.length > 0) return { index, kind: 'calls', tokens: [], calls, finish: 'tool_calls' }
  const text = beforeStop(textOf(request, { asked, index }), request.stop)
  return { index, kind: 'text', tokens: tokenize(text), calls: [], finish: 'stop' }
}

function textOf(
  request: CompletionRequest,
  { asked, index }: { asked: string; index: number },
): string {
  const format = request.response_format
  if (format?.type === 'json_schema') return JSON.stringify(sampleOf(format.json_schema?.schema))
  const results = toolResults(request)
  const text = results.length > 0 ? `The tools said: ${results.join('; ')}` : `You said: ${asked}`
  // Several choices differ, so that a test sees when they are mixed up.
  const chosen = index === 0 ? text : `${text} (choice ${index})`
  return format?.type === 'json_object' ? JSON.stringify({ answer: chosen }) : chosen
}

function toolResults({ messages }: CompletionRequest): string[] {
  const lastOther = messages.findLastIndex(({ role }) => role !== 'tool')
  return messages.slice(lastOther + 1).map(({ content }) => contentText(content))
}

function beforeStop(text: string, stop: CompletionRequest['stop']): string {
  const stops = typeof stop === 'string' ? [stop] : (stop ?? [])
  const cuts = stops.map((word) => text.indexOf(word)).filter((at) => at >= 0)
  return text.slice(0, Math.min(text.length, ...cuts))
}

function limited(choice: AnsweredChoice, limit: number): AnsweredChoice {
  if (visibleTokens(choice) <= limit) return choice
  const calls: AnsweredCall[] = []
  let left = limit
  for (const call of choice.calls) {
    if (left < 1) break
    calls.push({ ...call, fragments: call.fragments.slice(0, left - 1) })
    left -= 1 + call.fragments.length
  }
  const kind = choice.kind === 'calls' && calls.length === 0 ? 'text' : choice.kind
  return { ...choice, kind, calls, tokens: choice.tokens.slice(0, limit), finish: 'length' }
}

function tierOf(asked: string | null | undefined): string {
  return asked === undefined || asked === null || asked === 'auto' ? 'default' : asked
}

type Content = CompletionRequest['messages'][number]['content']

function contentText(content: Content | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => part.text ?? '').join('')
}
