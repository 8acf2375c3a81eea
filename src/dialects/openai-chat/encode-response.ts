import type { Extra, ToolCall } from '../../protocol/request.ts'
import type { ChatResponse, ResponseChoice, ResponseToolCall } from '../../protocol/response.ts'
import { encodeAnnotation } from './annotation.ts'
import { openaiChat } from './dialect.ts'
import { encodeFunctionCall, encodeToolCall } from './encode-message.ts'
import { encodeFinishReason } from './finish-reason.ts'
import { encodeLogprobs } from './logprobs.ts'
import { ownMembers } from '../own-members.ts'
import { ownPartsOf } from './own-parts.ts'
import { encodeUsage } from './usage.ts'

/** A whole answer for a client that did not ask for a stream. */
export function encodeChatResponse(
  response: ChatResponse,
  context: { id: string; created: number; model: string },
): Record<string, unknown> {
  const { extra, usage, warnings } = response
  return {
    ...(extra?.dialect === openaiChat && extra.members),
    id: context.id,
    object: 'chat.completion',
    created: context.created,
    model: context.model,
    choices: response.choices.map(encodeChoice),
    ...(usage && { usage: encodeUsage(usage) }),
    ...(warnings.length > 0 && { xrouter: { warnings } }),
  }
}

function encodeChoice(choice: ResponseChoice): Record<string, unknown> {
  const { logprobs, finishReason } = choice
  const deprecatedCall = choice.toolCalls.some((call) => call.kind === 'function_call')
  return {
    logprobs: null,
    ...ownExtra(choice)?.choice,
    index: choice.index,
    message: encodeMessage(choice),
    ...(logprobs && {
      logprobs: {
        content: logprobs.content && encodeLogprobs(logprobs.content),
        refusal: logprobs.refusal && encodeLogprobs(logprobs.refusal),
      },
    }),
    finish_reason: encodeFinishReason(finishReason, { deprecatedCall }),
  }
}

function encodeMessage(choice: ResponseChoice): Record<string, unknown> {
  const calls = choice.toolCalls.filter((call) => call.kind !== 'function_call')
  const deprecated = choice.toolCalls.find((call) => call.kind === 'function_call')
  const own = ownPartsOf(choice)
  return {
    ...ownExtra(choice)?.message,
    role: 'assistant',
    content: choice.content,
    refusal: choice.refusal,
    ...(choice.reasoning !== null && { reasoning_content: choice.reasoning }),
    ...(calls.length > 0 && {
      tool_calls: calls.map((call) => encodeToolCall(ownCall(call), { own: true })),
    }),
    ...(deprecated && { function_call: encodeFunctionCall(ownCall(deprecated), { own: true }) }),
    ...(choice.annotations.length > 0 && {
      annotations: choice.annotations.map(encodeAnnotation),
    }),
    ...(choice.audio && { audio: choice.audio }),
    ...(own && { xrouter: own }),
  }
}

function ownCall({ extra, ...call }: ResponseToolCall): ToolCall {
  return { ...call, extra: ownMembers(extra, openaiChat) }
}

function ownExtra(choice: ResponseChoice): { message: Extra; choice: Extra } | undefined {
  return choice.extra?.dialect === openaiChat ? choice.extra : undefined
}
