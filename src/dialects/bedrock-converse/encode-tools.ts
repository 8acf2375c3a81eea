import type { ChatRequest, Extra, Tool } from '../../protocol/request.ts'
import { cachePoint } from './cache-point.ts'
import { unsupported } from './unsupported.ts'

/** The tools that are offered; undefined where there are none, or none may be called. */
export function encodeToolConfig({ tools = [], toolChoice }: ChatRequest): Extra | undefined {
  if (!offersTools({ tools, toolChoice })) return undefined
  const encoded = tools.flatMap((tool, index) => encodeTool(tool, `tools[${index}]`))
  const choice = encodeChoice(toolChoice)
  return { tools: encoded, ...(choice && { toolChoice: choice }) }
}

/** Without tools the wire knows neither calls nor their results, and it has no way to forbid calls. */
export function offersTools({
  tools = [],
  toolChoice,
}: Pick<ChatRequest, 'tools' | 'toolChoice'>): boolean {
  return tools.length > 0 && toolChoice?.mode !== 'none'
}

function encodeTool(tool: Tool, path: string): Extra[] {
  if (tool.kind !== 'function') throw unsupported(path, 'it is no function')
  const { name, description, parameters, strict, cache } = tool
  const toolSpec = {
    name,
    ...(description !== undefined && description.trim() !== '' && { description }),
    inputSchema: { json: parameters ?? { type: 'object', properties: {} } },
    ...(strict === true && { strict }),
  }
  return [{ toolSpec }, ...cachePoint(cache)]
}

function encodeChoice(choice: ChatRequest['toolChoice']): Extra | undefined {
  switch (choice?.mode) {
    case 'auto':
      return { auto: {} }
    case 'required':
      return { any: {} }
    case 'tool':
      return { tool: { name: choice.name } }
    case 'native':
      throw unsupported('tool_choice', 'it is a form of another vendor')
    case 'none':
    case undefined:
      return undefined
    default:
      return choice satisfies never
  }
}
