import { alphanumeric } from './identifiers.ts'
import type { CompletionRequest, RequestTool } from './openai-request.ts'
import { sampleOf } from './schema-sample.ts'
import { tokenize } from './tokens.ts'

export interface AnsweredCall {
  id: string
  kind: 'function' | 'custom'
  name: string
  /** Pieces of the arguments, or of a custom tool's input, as they are streamed. */
  fragments: string[]
}

/** The calls that the model makes, which a test steers with tool_choice or the words "use NAME". */
export function callsFor(request: CompletionRequest, asked: string): AnsweredCall[] {
  const tools = chosenTools(request, asked)
  const allowed = request.parallel_tool_calls === false ? tools.slice(0, 1) : tools
  return allowed.map((tool) => callOf(tool, allowed.length > 1))
}

function chosenTools(request: CompletionRequest, asked: string): RequestTool[] {
  const choice = request.tool_choice ?? 'auto'
  const tools = request.tools ?? []
  if (choice === 'none' || tools.length === 0) return []
  const isAnswered = request.messages.at(-1)?.role === 'tool'
  if (choice === 'auto') return isAnswered ? [] : mentioned(tools, asked)
  if (choice === 'required') return mentionedOrFirst(tools, asked)
  if (choice.allowed_tools) {
    const names = new Set(choice.allowed_tools.tools.map(nameInReference))
    const allowed = tools.filter((tool) => names.has(nameOf(tool)))
    if (choice.allowed_tools.mode === 'required') return mentionedOrFirst(allowed, asked)
    return isAnswered ? [] : mentioned(allowed, asked)
  }
  const name = choice.function?.name ?? choice.custom?.name
  return tools.filter((tool) => nameOf(tool) === name).slice(0, 1)
}

function mentionedOrFirst(tools: RequestTool[], asked: string): RequestTool[] {
  const found = mentioned(tools, asked)
  return found.length > 0 ? found : tools.slice(0, 1)
}

/** In the order of the words, and as often as they are said. */
function mentioned(tools: RequestTool[], asked: string): RequestTool[] {
  const names = [...asked.matchAll(/\buse\s+([\w-]+)/gi)].map((match) => match[1])
  return names.flatMap((name) => tools.filter((tool) => nameOf(tool) === name))
}

function callOf(tool: RequestTool, isParallel: boolean): AnsweredCall {
  const name = nameOf(tool)
  const id = `call_${alphanumeric(24)}`
  if (tool.custom) {
    return { id, kind: 'custom', name, fragments: tokenize(`input of ${name}`) }
  }
  const value = sampleOf(tool.function?.parameters)
  // As recorded: parallel calls come spaced and cut anywhere, a single one compact and by token.
  const fragments = isParallel ? cut(spaced(value), 5) : tokenize(JSON.stringify(value))
  return { id, kind: 'function', name, fragments }
}

function nameOf(tool: RequestTool): string {
  return tool.function?.name ?? tool.custom?.name ?? ''
}

function nameInReference(reference: unknown): string | undefined {
  return /"name":"([^"]+)"/.exec(JSON.stringify(reference))?.[1]
}

function cut(text: string, length: number): string[] {
  const letters = Array.from(text)
  const count = Math.ceil(letters.length / length)
  return Array.from({ length: count }, (_, index) =>
    letters.slice(index * length, (index + 1) * length).join(''),
  )
}

/** JSON with a space after every colon and comma. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`,
  )
  return `{${members.join(', ')}}`
}
