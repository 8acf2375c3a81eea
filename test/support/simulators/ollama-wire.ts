import { alphanumeric } from './identifiers.ts'
import type { Completion } from './openai-answer.ts'
import { logprobsMember } from './openai-body.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

/** What is the same for all lines of an answer. */
export interface OllamaAnswer {
  completion: Completion
  /** The model as the request named it. */
  name: string
  /** Whether the server is of a version that gives calls no ids and does not count cached prompts. */
  old: boolean
  /** Whether the whole prompt was cached. */
  cached: boolean
}

const thought = 'Let me think about it.'

export function encodeLine(line: object): string {
  return `${JSON.stringify(line)}\n`
}

/** The whole JSON answer. */
export function answerBody(answer: OllamaAnswer): object {
  const { completion } = answer
  const [choice] = completion.choices
  const text = (choice?.tokens ?? []).join('')
  const calls = (choice?.calls ?? []).map(({ name, fragments }, index) =>
    wireCall(answer, { name, arguments: fragments.join(''), index }),
  )
  const message = {
    role: 'assistant',
    content: text,
    ...(completion.tokens.reasoning > 0 && { thinking: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return lastLine(
    answer,
    { message, ...logprobsOf(answer, choice?.tokens ?? []) },
    finishOf(answer),
  )
}

/** A line for each token; thoughts come first, and each call is whole in a line of its own. */
export function answerPieces(answer: OllamaAnswer): Piece[] {
  const [choice] = answer.completion.choices
  const thinking = answer.completion.tokens.reasoning > 0 ? tokenize(thought) : []
  return [
    ...thinking.map((token) => said(answer, { content: '', thinking: token }, 0)),
    ...(choice?.tokens ?? []).map((token) =>
      said(answer, { content: token }, 1, logprobsOf(answer, [token])),
    ),
    ...(choice?.calls ?? []).map(({ name, fragments }, index) => {
      const call = wireCall(answer, { name, arguments: fragments.join(''), index })
      return said(answer, { content: '', tool_calls: [call] }, 1 + fragments.length)
    }),
    { raw: encodeLine(silentLine(answer, finishOf(answer))), tokens: 0 },
  ]
}

/** The same stream, spoken by a test. */
export function answerVoice(answer: OllamaAnswer, entry: InvoiceEntry): Voice {
  const { tokens } = answer.completion
  tokens.visible = 0
  const say = (message: object, count: number): Piece[] => {
    tokens.visible += count
    return [said(answer, message, count)]
  }
  let index = 0
  return {
    entry,
    wantsUsage: false,
    open: () => [],
    text: (content) => say({ content }, tokenize(content).length),
    toolCall: (call) => {
      const made = wireCall(answer, { index: index++, ...call })
      return say({ content: '', tool_calls: [made] }, 1)
    },
    finish: (reason) => [{ raw: encodeLine(silentLine(answer, reason)), tokens: 0 }],
    usage: () => [],
  }
}

function said(answer: OllamaAnswer, message: object, tokens: number, beside: object = {}): Piece {
  const line = {
    ...headOf(answer),
    message: { role: 'assistant', ...message },
    ...beside,
    done: false,
  }
  return { raw: encodeLine(line), tokens }
}

function silentLine(answer: OllamaAnswer, reason: string): object {
  return lastLine(answer, { message: { role: 'assistant', content: '' } }, reason)
}

function lastLine(answer: OllamaAnswer, spoken: object, reason: string): object {
  const { tokens } = answer.completion
  const evaluated = tokens.reasoning + tokens.visible
  return {
    ...headOf(answer),
    ...spoken,
    ...(answer.old ? { done_reason: reason, done: true } : { done: true, done_reason: reason }),
    total_duration: 1_078_043_917,
    load_duration: 109_557_375,
    ...(!(answer.old && answer.cached) && { prompt_eval_count: tokens.prompt }),
    prompt_eval_duration: 153_401_750,
    eval_count: evaluated,
    eval_duration: 814_595_750,
  }
}

function headOf({ name, completion }: OllamaAnswer): object {
  return { model: name, created_at: new Date(completion.created * 1_000).toISOString() }
}

/** Calls end with the same word as a text. */
function finishOf({ completion }: OllamaAnswer): string {
  return completion.choices[0]?.finish === 'length' ? 'length' : 'stop'
}

function wireCall(
  { old }: OllamaAnswer,
  { name, arguments: written, index = 0 }: Pick<VoiceCall, 'name' | 'arguments' | 'index'>,
): object {
  const called = { ...(!old && { index }), name, arguments: JSON.parse(written) }
  return { ...(!old && { id: `call_${alphanumeric(8).toLowerCase()}` }), function: called }
}

/** The list that OpenAI has inside an object stands alone here. */
function logprobsOf({ completion }: OllamaAnswer, tokens: string[]): object {
  if (completion.topLogprobs === undefined) return {}
  const { logprobs } = logprobsMember(completion, 'text', tokens)
  return logprobs && 'content' in logprobs ? { logprobs: logprobs.content } : {}
}
