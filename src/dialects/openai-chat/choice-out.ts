import type { ToolCallDelta, ToolCallStart } from '../../protocol/event.ts'
import type { PartedChoice } from '../../protocol/collect-parts.ts'
import type { Extra, ToolCallKind } from '../../protocol/request.ts'
import { ownMembers } from '../own-members.ts'
import { openaiChat } from './dialect.ts'

/** What must be remembered of one choice between two chunks that are sent. */
export interface ChoiceOut {
  index: number
  kinds: Map<number, ToolCallKind>
  /** True once the choice makes OpenAI's deprecated single call. */
  deprecatedCall: boolean
  /** What was said so far, to tell at the end what OpenAI's members could not. */
  spoken: PartedChoice
  /** Members for the next chunk of this choice. */
  waiting: { message: Extra | undefined; choice: Extra | undefined }
}

export function newChoiceOut(index: number): ChoiceOut {
  return {
    index,
    kinds: new Map(),
    deprecatedCall: false,
    spoken: { parts: [], toolCalls: [] },
    waiting: { message: undefined, choice: undefined },
  }
}

/** The delta that opens a call: everything but its arguments. */
export function encodeCallStart(choice: ChoiceOut, event: ToolCallStart): Extra {
  const { index, id, kind, name, extra } = event
  choice.kinds.set(index, kind)
  if (kind === 'function_call') {
    choice.deprecatedCall = true
    return { function_call: { name, arguments: '' } }
  }
  const named = kind === 'custom' ? { name, input: '' } : { name, arguments: '' }
  return {
    tool_calls: [{ ...ownMembers(extra, openaiChat), index, id, type: kind, [kind]: named }],
  }
}

/** The delta with the next piece of a call's arguments. */
export function encodeCallDelta(choice: ChoiceOut, event: ToolCallDelta): Extra {
  const { index, argumentsDelta } = event
  const kind = choice.kinds.get(index)
  switch (kind) {
    case 'function_call':
      return { function_call: { arguments: argumentsDelta } }
    case 'custom':
      return { tool_calls: [{ index, custom: { input: argumentsDelta } }] }
    case 'function':
    case undefined:
      return { tool_calls: [{ index, function: { arguments: argumentsDelta } }] }
    default:
      return kind satisfies never
  }
}
