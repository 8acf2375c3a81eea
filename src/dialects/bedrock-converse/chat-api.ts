import type { ChatApi } from '../../protocol/chat-api.ts'
import { decodeConverseBody } from './decode-body.ts'
import { decodeBedrockError } from './decode-error.ts'
import { decodeConverseEvents } from './decode-events.ts'
import { bedrockConverse } from './dialect.ts'
import { encodeConverseRequest, type ConverseOptions } from './encode-request.ts'

/** Completions as AWS Bedrock has them for all of its models: Converse and ConverseStream. */
export function bedrockChatApi(options: ConverseOptions = {}): ChatApi {
  return {
    dialect: bedrockConverse,
    // A model's id holds colons, an ARN slashes: both must stay in one step of the path.
    path: (model, { stream }) =>
      `/model/${encodeURIComponent(model)}/${stream ? 'converse-stream' : 'converse'}`,
    framing: 'aws-event-stream',
    encodeRequest: (request, model) => encodeConverseRequest(request, model, options),
    decodeEvents: decodeConverseEvents,
    decodeBody: decodeConverseBody,
    decodeError: decodeBedrockError,
  }
}
