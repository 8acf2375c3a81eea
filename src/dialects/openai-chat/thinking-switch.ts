import type { ChatApi } from '../../protocol/chat-api.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { openaiChatApi } from './chat-api.ts'
import { plainTurns } from './plain-turns.ts'

/** Chat completions of vLLM, where the template of a model has a switch for its reasoning instead of an effort. */
export function thinkingSwitchApi(hasSwitch: (model: string) => boolean): ChatApi {
  const chat = openaiChatApi({ extensions: { topK: true } })
  return {
    ...chat,
    encodeRequest: (request, model) => {
      const { reasoningEffort: effort, ...rest } = request
      const body: unknown = chat.encodeRequest(plainTurns(rest), model)
      if (effort === undefined || !hasSwitch(model)) return body
      const asked: unknown = Object(body)['chat_template_kwargs']
      return {
        ...Object(body),
        // What the client wrote itself in the words of vLLM stands.
        chat_template_kwargs: { enable_thinking: switchOf(effort), ...Object(asked) },
      }
    },
  }
}

/** Whether a request asks for more, or less, than the switch can tell. */
export function isBetween({ reasoningEffort: effort }: ChatRequest): boolean {
  return effort !== undefined && effort !== 'none' && effort !== 'high'
}

function switchOf(effort: string): boolean {
  return effort !== 'none' && effort !== 'minimal'
}
