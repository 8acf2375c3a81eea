import type { ChatRequest, Extra, Tool } from '../../protocol/request.ts'
import type { ModelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'
import { encodeCache, set } from './wire.ts'

interface ToolOptions {
  own: boolean
  traits: ModelTraits
}

export function encodeTools(request: ChatRequest, options: ToolOptions): Extra[] | undefined {
  return request.tools?.map((tool, index) => encodeTool(tool, `tools[${index}]`, options))
}

/** The choice of a tool, with the switch for several calls in it. */
export function encodeToolChoice(request: ChatRequest, own: boolean): Extra | undefined {
  const { toolChoice, parallelToolCalls: parallel, tools = [] } = request
  if (toolChoice?.mode === 'native') {
    if (!own) throw unsupported('tool_choice', 'it does not know this form')
    return toolChoice.definition
  }
  if (toolChoice?.mode === 'none') return { type: 'none' }
  if (toolChoice === undefined) {
    const switched = parallel === false && tools.length > 0
    return switched ? { type: 'auto', disable_parallel_tool_use: true } : undefined
  }
  const choice: Extra =
    toolChoice.mode === 'tool'
      ? { type: 'tool', name: toolChoice.name }
      : { type: toolChoice.mode === 'required' ? 'any' : 'auto' }
  if (parallel !== undefined) choice['disable_parallel_tool_use'] = !parallel
  return choice
}

function encodeTool(tool: Tool, path: string, { own, traits }: ToolOptions): Extra {
  switch (tool.kind) {
    case 'function': {
      const encoded: Extra = { ...(own && tool.extra), name: tool.name }
      set(encoded, 'description', tool.description)
      encoded['input_schema'] = tool.parameters ?? { type: 'object', properties: {} }
      if (traits.schemas || own) set(encoded, 'strict', tool.strict)
      if (tool.cache) encoded['cache_control'] = encodeCache(tool.cache)
      return encoded
    }
    case 'native':
      if (!own) throw unsupported(path, 'it is a tool of another vendor')
      return tool.definition
    case 'custom':
      throw unsupported(path, 'its tools are called with JSON')
    default:
      return tool satisfies never
  }
}
