import type { ChatRequest, Extra, Tool, ToolChoice } from '../../protocol/request.ts'
import { modelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'

type NativeTool = Extract<Tool, { kind: 'native' }>
type Choosing = Pick<ChatRequest, 'tools' | 'toolChoice'>

/** The functions and the service's own tools, and how the model shall use them. */
export function encodeTools({ tools = [], toolChoice }: Choosing, model: string): Extra {
  const functions = tools.flatMap((tool, index) => encodeFunction(tool, `tools[${index}]`))
  const natives = tools.flatMap((tool, index) =>
    tool.kind === 'native' ? [encodeNative(tool, `tools[${index}]`)] : [],
  )
  if (functions.length === 0 && natives.length === 0) return {}
  const mode = functions.length > 0 ? callingConfig(toolChoice, tools) : undefined
  const mixed = functions.length > 0 && natives.length > 0 && modelTraits(model).mixesTools
  const toolConfig = {
    ...(mode && { functionCallingConfig: mode }),
    ...(mixed && { includeServerSideToolInvocations: true }),
  }
  return {
    tools: [...natives, ...(functions.length > 0 ? [{ functionDeclarations: functions }] : [])],
    ...(Object.keys(toolConfig).length > 0 && { toolConfig }),
  }
}

/** Whether a tool is of the service's own kinds, such as `google_search`. */
export function isOwnTool({ type }: NativeTool): boolean {
  return ownTools.has(type)
}

/** JSON Schema goes as it is: only the older member for it has a dialect of its own. */
function encodeFunction(tool: Tool, path: string): Extra[] {
  if (tool.kind === 'native') return []
  if (tool.kind === 'custom') throw unsupported(path, 'its tools are functions')
  const { name, description, parameters } = tool
  const declaration: Extra = { name }
  if (description !== undefined) declaration['description'] = description
  if (parameters !== undefined) declaration['parametersJsonSchema'] = parameters
  return [declaration]
}

/** The settings of another vendor's tool mean nothing to Google's. */
function encodeNative(tool: NativeTool, path: string): Extra {
  const own = ownTools.get(tool.type)
  if (own !== undefined) {
    const { type: _type, ...settings } = tool.definition
    return { [own]: settings }
  }
  const alike = alikeTools.find(([pattern]) => pattern.test(tool.type))
  if (!alike) throw unsupported(path, `it has no tool like ${tool.type}`)
  return { [alike[1]]: {} }
}

const ownTools: ReadonlyMap<string, string> = new Map(
  ['google_search', 'code_execution', 'url_context', 'google_maps'].map((type) => [
    type,
    type.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
  ]),
)

const alikeTools: readonly (readonly [RegExp, string])[] = [
  [/^web_search(_preview)?(_\d+)*$/, 'googleSearch'],
  [/^code_(interpreter|execution_\d+)$/, 'codeExecution'],
  [/^web_fetch_\d+$/, 'urlContext'],
]

function callingConfig(choice: ToolChoice | undefined, tools: readonly Tool[]): Extra | undefined {
  const strict = tools.some((tool) => tool.kind === 'function' && tool.strict === true)
  switch (choice?.mode) {
    case undefined:
      return strict ? { mode: 'VALIDATED' } : undefined
    case 'auto':
      return { mode: strict ? 'VALIDATED' : 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
    case 'native':
      throw unsupported('tool_choice', 'only its own dialect knows this form')
    default:
      return choice satisfies never
  }
}
