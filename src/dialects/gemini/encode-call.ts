import type { Extra, Message, ToolCall } from '../../protocol/request.ts'
import { argumentsObject } from '../call-arguments.ts'
import { gemini } from './dialect.ts'
import type { ModelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'

/** Google's word for a call that no model of its own has signed. */
const unsigned = 'skip_thought_signature_validator'

/** The parts of the calls that a turn makes; of calls that are made at once the first is signed. */
export function encodeCalls(
  { toolCalls = [] }: Message,
  { path, traits }: { path: string; traits: ModelTraits },
): Extra[] {
  return toolCalls.map((call, index) => {
    const own = call.signature?.dialect === gemini ? call.signature.value : undefined
    const thoughtSignature = own ?? (index === 0 && traits.needsSignatures ? unsigned : undefined)
    return {
      functionCall: encodeCall(call, `${path}.tool_calls[${index}]`),
      ...(thoughtSignature !== undefined && { thoughtSignature }),
    }
  })
}

function encodeCall({ id, kind, name, arguments: written }: ToolCall, path: string): Extra {
  if (kind === 'custom') throw unsupported(path, 'it calls a custom tool')
  return {
    ...(id !== '' && { id }),
    name,
    args: argumentsObject(written, `${path}.function.arguments`, unsupported),
  }
}
