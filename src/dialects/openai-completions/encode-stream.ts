import type { AnswerContext, StreamEncoder } from '../../protocol/chat-door.ts'
import type { ChatEvent, TextDelta } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import type { Usage } from '../../protocol/usage.ts'
import { encodeErrorBody } from '../openai-chat/encode-error.ts'
import { encodeUsage } from '../openai-chat/usage.ts'
import { sseFrame } from '../sse-frame.ts'
import { encodeTextFinish, encodeTextLogprobs } from './encode-choice.ts'
import type { EchoOf } from './encode-response.ts'

export interface TextStreamOptions extends AnswerContext {
  includeUsage: boolean
  echoOf: EchoOf
}

/** The answer as chunks of text, one choice in each. */
export function openTextStream(options: TextStreamOptions): StreamEncoder {
  const stream: Stream = { options, length: new Map(), usage: undefined, warnings: [] }
  return {
    event: (event) => encodeEvent(stream, event),
    error: (error) => sseFrame(encodeErrorBody(error)),
    end: () => 'data: [DONE]\n\n',
  }
}

interface Stream {
  options: TextStreamOptions
  /** How long the text of each choice is so far. */
  length: Map<number, number>
  usage: Usage | undefined
  warnings: string[]
}

function encodeEvent(stream: Stream, event: ChatEvent): string {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
      return opening(stream, event.choice) + textChunk(stream, event)
    case 'finish': {
      const finish_reason = encodeTextFinish(event.reason)
      const members = { text: '', index: event.choice, logprobs: null, finish_reason }
      return opening(stream, event.choice) + chunk(stream, [members])
    }
    case 'usage':
      stream.usage = event.usage
      return ''
    case 'warning':
      stream.warnings.push(event.message)
      return ''
    case 'end':
      return lastChunk(stream, stream.usage ?? event.settlement.usage)
    default:
      return ''
  }
}

/** The prompt, where it is to be echoed. */
function opening(stream: Stream, index: number): string {
  if (stream.length.has(index)) return ''
  const text = stream.options.echoOf(index)
  stream.length.set(index, text.length)
  return text === '' ? '' : chunk(stream, [{ text, index, logprobs: null, finish_reason: null }])
}

function textChunk(
  stream: Stream,
  { text, choice: index, logprobs }: Omit<TextDelta, 'type'>,
): string {
  if (text === '' && !logprobs) return ''
  const offset = stream.length.get(index) ?? 0
  stream.length.set(index, offset + text.length)
  const encoded = logprobs ? encodeTextLogprobs(logprobs, offset) : null
  return chunk(stream, [{ text, index, logprobs: encoded, finish_reason: null }])
}

function lastChunk(stream: Stream, usage: Usage | undefined): string {
  const shown = stream.options.includeUsage && usage ? { usage: encodeUsage(usage) } : {}
  const { warnings } = stream
  const last: Extra = { ...shown, ...(warnings.length > 0 && { xrouter: { warnings } }) }
  return Object.keys(last).length === 0 ? '' : chunk(stream, [], last)
}

function chunk({ options }: Stream, choices: Extra[], last: Extra = {}): string {
  const { id, created, model, includeUsage } = options
  return sseFrame({
    id,
    object: 'text_completion',
    created,
    choices,
    model,
    ...(includeUsage && { usage: null }),
    ...last,
  })
}
