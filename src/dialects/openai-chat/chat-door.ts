import type { AnswerContext, ChatDoor, StreamEncoder } from '../../protocol/chat-door.ts'
import { sseFrame } from '../sse-frame.ts'
import { decodeChatRequest } from './decode-request.ts'
import { openaiChat } from './dialect.ts'
import { encodeErrorBody } from './encode-error.ts'
import { createChunkEncoder } from './encode-events.ts'
import { encodeChatResponse } from './encode-response.ts'

/** `POST /v1/chat/completions`, as OpenAI's SDKs speak to it. */
export const openaiChatDoor: ChatDoor = {
  dialect: openaiChat,
  decode: (body) => {
    const { request, includeUsage, xrouter } = decodeChatRequest(body)
    return {
      request,
      xrouter,
      marksResumption: true,
      encodeResponse: encodeChatResponse,
      openStream: (context) => openStream({ ...context, includeUsage }),
    }
  },
  encodeError: (error) => ({ body: encodeErrorBody(error) }),
}

function openStream(context: AnswerContext & { includeUsage: boolean }): StreamEncoder {
  const encode = createChunkEncoder(context)
  return {
    event: (event) => {
      let text = ''
      for (const chunk of encode(event)) text += sseFrame(chunk)
      return text
    },
    error: (error) => sseFrame(encodeErrorBody(error)),
    end: () => 'data: [DONE]\n\n',
  }
}
