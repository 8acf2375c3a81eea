import type { Extra, ResponseFormat, Tool, ToolChoice } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { unsupported } from '../openai-chat/encode-support.ts'

/** A tool in the flat form. A client of another dialect means no strictness where it says nothing. */
export function encodeTool(tool: Tool, own: boolean): Extra {
  switch (tool.kind) {
    case 'function': {
      const { name, description, parameters, strict } = tool
      return {
        ...(own && tool.extra),
        type: 'function',
        name,
        ...(description !== undefined && { description }),
        ...((parameters !== undefined || !own) && { parameters: parameters ?? null }),
        ...((strict !== undefined || !own) && { strict: strict ?? false }),
      }
    }
    case 'custom': {
      const { name, description, format } = tool
      return {
        ...(own && tool.extra),
        type: 'custom',
        name,
        ...(description !== undefined && { description }),
        ...(format !== undefined && { format: flatGrammar(format) }),
      }
    }
    case 'native':
      if (!own) throw unsupported(`the tool ${tool.type}`)
      return tool.definition
    default:
      return tool satisfies never
  }
}

export function encodeToolChoice(choice: ToolChoice, own: boolean): unknown {
  switch (choice.mode) {
    case 'tool':
      return { type: choice.kind, name: choice.name }
    case 'native':
      if (!own) throw unsupported('this form of tool choice')
      return choice.definition
    case 'none':
    case 'auto':
    case 'required':
      return choice.mode
    default:
      return choice satisfies never
  }
}

/** `text.format`. The schema's name and schema are flat here, and strict unless said otherwise. */
export function encodeTextFormat(format: ResponseFormat, own: boolean): unknown {
  switch (format.type) {
    case 'text':
    case 'json_object':
      return { type: format.type }
    case 'json_schema':
      return own ? format : { strict: false, ...format }
    case 'native':
      if (!own) throw unsupported('this form of answer')
      return format.definition
    default:
      return format satisfies never
  }
}

function flatGrammar(format: unknown): unknown {
  if (!isRecord(format) || !isRecord(format['grammar'])) return format
  const { grammar, ...rest } = format
  return { ...rest, ...(isRecord(grammar) && grammar) }
}
