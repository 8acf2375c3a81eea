import type { ChatDoor } from '../../protocol/chat-door.ts'
import { encodeErrorBody } from '../openai-chat/encode-error.ts'
import { decodeTextRequest, openaiCompletions } from './decode-request.ts'
import { encodeTextResponse, type EchoOf } from './encode-response.ts'
import { openTextStream } from './encode-stream.ts'

/** `POST /v1/completions`: a prompt in, text out, for clients from before chat. */
export const openaiCompletionsDoor: ChatDoor = {
  dialect: openaiCompletions,
  decode: (body) => {
    const { requests, echoed, includeUsage, xrouter } = decodeTextRequest(body)
    const [request, ...further] = requests
    const choices = request.choices ?? 1
    const echoOf: EchoOf = (choice) => echoed?.[Math.floor(choice / choices)] ?? ''
    return {
      request,
      further,
      xrouter,
      placeOf: (path) => (path.startsWith('messages[') ? 'prompt' : path),
      encodeResponse: (response, context) => encodeTextResponse(response, context, echoOf),
      openStream: (context) => openTextStream({ ...context, includeUsage, echoOf }),
    }
  },
  encodeError: (error) => ({ body: encodeErrorBody(error) }),
}
