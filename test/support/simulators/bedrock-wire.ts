import { eventMessage, exceptionMessage } from '../bedrock-frames.ts'
import { padding } from './identifiers.ts'
import type { AnsweredCall } from './openai-tools.ts'
import type { Completion } from './openai-answer.ts'
import type { InvoiceEntry, Piece, Voice } from './provider.ts'
import { tokenize } from './tokens.ts'

/** An answer before it is put on the wire. */
export interface BedrockAnswer {
  completion: Completion
  /** Whether the model thinks aloud, and what it signs that with. */
  thought: { text: string; signature: string } | undefined
  /** Where a guardrail stepped in. */
  intervened: boolean
  trace: object | undefined
}

export function answerBody(answer: BedrockAnswer): object {
  const { completion, thought, trace } = answer
  const [choice] = completion.choices
  const text = (choice?.tokens ?? []).join('')
  const content = [
    ...(thought ? [{ reasoningContent: { reasoningText: thought } }] : []),
    ...(text === '' ? [] : [{ text }]),
    ...(choice?.calls ?? []).map(({ id, name, fragments }) => ({
      toolUse: { input: JSON.parse(fragments.join('') || '{}'), name, toolUseId: id },
    })),
  ]
  return {
    metrics: { latencyMs: 593 },
    output: { message: { content, role: 'assistant' } },
    stopReason: stopReason(answer),
    ...(trace && { trace }),
    usage: usageOf(completion),
  }
}

export function answerPieces(answer: BedrockAnswer): Piece[] {
  const { completion, thought } = answer
  const [choice] = completion.choices
  const pieces = [frame('messageStart', { role: 'assistant' })]
  let at = 0
  if (thought) {
    for (const word of thought.text.match(/\S+\s*/g) ?? []) {
      pieces.push(delta(at, { reasoningContent: { text: word } }))
    }
    pieces.push(delta(at, { reasoningContent: { signature: thought.signature } }))
    pieces.push(frame('contentBlockStop', { contentBlockIndex: at++ }))
  }
  const tokens = choice?.tokens ?? []
  for (const token of tokens) pieces.push(delta(at, { text: token }, 1))
  if (tokens.length > 0) pieces.push(frame('contentBlockStop', { contentBlockIndex: at++ }))
  for (const call of choice?.calls ?? []) pieces.push(...callPieces(call, at++))
  pieces.push(frame('messageStop', { stopReason: stopReason(answer) }))
  return [...pieces, metadata(answer)]
}

/** The same stream, spoken by a test. */
export function answerVoice(answer: BedrockAnswer, entry: InvoiceEntry): Voice {
  const { tokens } = answer.completion
  let at = 0
  const counted = (pieces: Piece[]): Piece[] => {
    for (const piece of pieces) tokens.visible += piece.tokens
    return pieces
  }
  return {
    entry,
    wantsUsage: true,
    open: () => [frame('messageStart', { role: 'assistant' })],
    text: (text) => counted([delta(at, { text }, tokenize(text).length)]),
    toolCall: ({ name, arguments: args, id = 'tooluse_voice' }) => {
      at += 1
      return counted(callPieces({ id, kind: 'function', name, fragments: tokenize(args) }, at))
    },
    finish: (reason) => [
      frame('contentBlockStop', { contentBlockIndex: at }),
      frame('messageStop', { stopReason: stopReasons[reason] ?? reason }),
    ],
    usage: () => [metadata(answer)],
  }
}

/** A frame that a test names: an event under its type, or the body of an error. */
export function encodeFrame(value: object): string {
  const [type = '', payload] = Object.entries(value)[0] ?? []
  if (type !== 'message') return eventMessage(type, Object(payload)).toString('latin1')
  return exceptionMessage('internalServerException', value).toString('latin1')
}

function frame(type: string, payload: object, tokens = 0): Piece {
  const raw = eventMessage(type, { ...payload, p: padding() }).toString('latin1')
  return { raw, tokens }
}

function delta(contentBlockIndex: number, value: object, tokens = 0): Piece {
  return frame('contentBlockDelta', { contentBlockIndex, delta: value }, tokens)
}

function callPieces({ id, name, fragments }: AnsweredCall, at: number): Piece[] {
  const start = { toolUse: { name, toolUseId: id } }
  return [
    frame('contentBlockStart', { contentBlockIndex: at, start }, 1),
    delta(at, { toolUse: { input: '' } }),
    ...fragments.map((input) => delta(at, { toolUse: { input } }, 1)),
    frame('contentBlockStop', { contentBlockIndex: at }),
  ]
}

function metadata({ completion, trace }: BedrockAnswer): Piece {
  const usage = usageOf(completion)
  return frame('metadata', { metrics: { latencyMs: 593 }, ...(trace && { trace }), usage })
}

/** What is cached stands beside the input, and inside the total; reasoning is not told apart. */
function usageOf({ tokens: { prompt, cached, reasoning, visible } }: Completion): object {
  return {
    ...(cached > 0 && { cacheReadInputTokens: cached, cacheWriteInputTokens: 0 }),
    inputTokens: prompt - cached,
    outputTokens: visible + reasoning,
    serverToolUsage: {},
    totalTokens: prompt + visible + reasoning,
  }
}

function stopReason({ completion, intervened }: BedrockAnswer): string {
  if (intervened) return 'guardrail_intervened'
  const reason = completion.choices[0]?.finish ?? 'stop'
  return stopReasons[reason] ?? reason
}

const stopReasons: Record<string, string | undefined> = {
  stop: 'end_turn',
  tool_calls: 'tool_use',
  length: 'max_tokens',
}
