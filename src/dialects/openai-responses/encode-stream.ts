import type { GatewayError } from '../../errors.ts'
import type { AnswerContext, StreamEncoder } from '../../protocol/chat-door.ts'
import { createCollector } from '../../protocol/collect.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { encodeErrorBody } from '../openai-chat/encode-error.ts'
import { sseFrame } from '../sse-frame.ts'
import {
  type Asked,
  completeResponse,
  failedResponse,
  itemIds,
  openResponse,
  statusOf,
} from './encode-response.ts'
import { Output } from './output.ts'

/** The answer as numbered, typed frames; the last one holds the whole response. */
export function openResponseStream(asked: Asked, context: AnswerContext): StreamEncoder {
  let text = ''
  let sequence = 0
  const emit = (type: string, members: Extra): void => {
    text += sseFrame({ type, ...members, sequence_number: sequence++ }, type)
  }
  const collector = createCollector()
  const output = new Output({ itemId: itemIds(context), emit })
  const open = (): void => {
    if (sequence > 0) return
    emit('response.created', { response: openResponse(asked, context) })
    emit('response.in_progress', { response: openResponse(asked, context) })
  }
  const taken = (): string => {
    const frames = text
    text = ''
    return frames
  }
  const end = (): void => {
    const response = collector.response()
    output.finish(statusOf(response.choices[0]?.finishReason))
    const whole = completeResponse(asked, context, { response, output })
    emit(`response.${String(whole['status'])}`, { response: whole })
  }
  return {
    event: (event: ChatEvent) => {
      open()
      collector.add(event)
      output.add(event)
      if (event.type === 'end') end()
      return taken()
    },
    error: (error) => {
      open()
      output.finish('incomplete')
      emitFailure(error, emit)
      emit('response.failed', { response: failedResponse(asked, context, { error, output }) })
      return taken()
    },
    end: () => '',
  }
}

/** OpenAI documents the members beside the type and sends them in an object: readers of both exist. */
function emitFailure(failure: GatewayError, emit: (type: string, members: Extra) => void): void {
  const { error } = encodeErrorBody(failure)
  const { code, message, param } = error
  emit('error', { code, message, param, error })
}
