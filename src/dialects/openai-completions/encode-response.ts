import type { AnswerContext } from '../../protocol/chat-door.ts'
import type { Extra } from '../../protocol/request.ts'
import type { ChatResponse, ResponseChoice } from '../../protocol/response.ts'
import { encodeUsage } from '../openai-chat/usage.ts'
import { encodeTextFinish, encodeTextLogprobs } from './encode-choice.ts'

/** The prompt that a choice begins with. */
export type EchoOf = (choice: number) => string

/** A whole answer: text and nothing else, so that a refusal is text too. */
export function encodeTextResponse(
  response: ChatResponse,
  context: AnswerContext,
  echoOf: EchoOf,
): Extra {
  const { settlement, usage = settlement?.usage, warnings } = response
  return {
    id: context.id,
    object: 'text_completion',
    created: context.created,
    model: context.model,
    choices: response.choices.map((choice) => encodeChoice(choice, echoOf)),
    ...(usage && { usage: encodeUsage(usage) }),
    ...(warnings.length > 0 && { xrouter: { warnings } }),
  }
}

function encodeChoice(choice: ResponseChoice, echoOf: EchoOf): Extra {
  const { index, content, refusal, logprobs, finishReason } = choice
  const tokens = logprobs?.content
  return {
    text: echoOf(index) + (content ?? '') + (refusal ?? ''),
    index,
    logprobs: tokens ? encodeTextLogprobs(tokens, 0) : null,
    finish_reason: encodeTextFinish(finishReason),
  }
}
