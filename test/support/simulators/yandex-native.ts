import type { AnsweredChoice, Completion } from './openai-answer.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

/** What the content filter puts in the place of an answer. */
export const filterWords = 'Я не могу обсуждать эту тему. Давайте поговорим о чём-нибудь ещё.'

/** Tokens that each line of a stream adds. */
const tokensPerLine = 2

/** The whole JSON answer. */
export function nativeBody(completion: Completion, { filtered }: { filtered: boolean }): string {
  const [choice] = completion.choices
  const { visible } = completion.tokens
  return JSON.stringify(lineOf(completion, visible, filtered ? replaced : endOf(choice)))
}

/** The stream: each line has the whole text so far and the usage so far. */
export function nativePieces(completion: Completion, { filtered }: { filtered: boolean }): Piece[] {
  const [choice] = completion.choices
  const tokens = choice?.tokens ?? []
  if (choice?.kind === 'calls') {
    const { visible } = completion.tokens
    return [{ raw: encodeLine(lineOf(completion, visible, endOf(choice))), tokens: visible }]
  }
  const pieces: Piece[] = []
  for (let count = tokensPerLine; count < tokens.length; count += tokensPerLine) {
    const message = { text: tokens.slice(0, count).join('') }
    const raw = encodeLine(lineOf(completion, count, { message, status: 'PARTIAL' }))
    pieces.push({ raw, tokens: tokensPerLine })
  }
  const last = filtered ? replaced : endOf(choice)
  const rest = tokens.length - pieces.length * tokensPerLine
  return [...pieces, { raw: encodeLine(lineOf(completion, tokens.length, last)), tokens: rest }]
}

/** The same stream, spoken by a test. */
export function nativeVoice(completion: Completion, entry: InvoiceEntry): Voice {
  const calls: object[] = []
  let text = ''
  let spoken = 0
  const line = (message: object, status: string, tokens: number): Piece[] => {
    spoken += tokens
    return [{ raw: encodeLine(lineOf(completion, spoken, { message, status })), tokens }]
  }
  return {
    entry,
    wantsUsage: false,
    open: () => [],
    text: (delta) => {
      text += delta
      return line({ text }, 'PARTIAL', tokenize(delta).length)
    },
    toolCall: (call) => {
      calls.push(wireCall(call))
      return []
    },
    finish: (reason) =>
      calls.length > 0
        ? line({ toolCallList: { toolCalls: calls } }, 'TOOL_CALLS', calls.length)
        : line({ text }, statuses[reason] ?? 'FINAL', 0),
    usage: () => [],
  }
}

export function encodeLine(line: object): string {
  return `${JSON.stringify(line)}\n`
}

interface Ending {
  message: object
  status: string
}

const replaced: Ending = { message: { text: filterWords }, status: 'CONTENT_FILTER' }

function endOf(choice: AnsweredChoice | undefined): Ending {
  if (choice?.kind === 'calls') {
    const toolCalls = choice.calls.map(({ name, fragments }) =>
      wireCall({ name, arguments: fragments.join('') }),
    )
    return { message: { toolCallList: { toolCalls } }, status: 'TOOL_CALLS' }
  }
  const text = (choice?.tokens ?? []).join('')
  return { message: { text }, status: statuses[choice?.finish ?? 'stop'] ?? 'FINAL' }
}

const statuses: Record<string, string> = {
  stop: 'FINAL',
  length: 'TRUNCATED_FINAL',
  content_filter: 'CONTENT_FILTER',
  tool_calls: 'TOOL_CALLS',
}

function wireCall({ name, arguments: written }: Pick<VoiceCall, 'name' | 'arguments'>): object {
  return { functionCall: { name, arguments: JSON.parse(written) } }
}

/** All counts are strings. */
function lineOf({ tokens, model }: Completion, visible: number, end: Ending): object {
  const completion = tokens.reasoning + visible
  return {
    result: {
      alternatives: [
        {
          message: { role: 'assistant', ...end.message },
          status: `ALTERNATIVE_STATUS_${end.status}`,
        },
      ],
      usage: {
        inputTextTokens: String(tokens.prompt),
        completionTokens: String(completion),
        totalTokens: String(tokens.prompt + completion),
        completionTokensDetails: { reasoningTokens: String(tokens.reasoning) },
      },
      modelVersion: model.snapshot,
    },
  }
}
