import type { ChatRequest, Extra, ResponseFormat, Tool } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { gigachat } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeName } from './function-name.ts'
import { simplifySchema } from './simplify-schema.ts'
import { unsupported } from './unsupported.ts'

/** The body of a completion request of API v1. */
export function encodeGigachatRequest(request: ChatRequest, model: string): Extra {
  const { tools = [] } = request
  const functions = tools.map((tool, index) => encodeFunction(tool, functionPath(index)))
  const body: Extra = { model, messages: encodeMessages(request.messages, gigachat) }
  if (functions.length > 0) {
    body['functions'] = functions
    body['function_call'] = encodeFunctionChoice(request)
  }
  Object.assign(body, encodeSampling(request))
  set(body, 'reasoning_effort', encodeEffort(request.reasoningEffort))
  if (request.stream) body['stream'] = true
  return body
}

/** What both APIs call the same. */
export function encodeSampling({
  temperature,
  topP,
  maxTokens,
  responseFormat,
}: ChatRequest): Extra {
  const members: Extra = {}
  // A temperature of 0 is refused; the same greedy choice of tokens is asked for by top_p.
  const greedy = temperature === 0
  set(members, 'temperature', greedy ? undefined : temperature)
  set(members, 'top_p', greedy ? 0 : topP)
  set(members, 'max_tokens', maxTokens)
  set(members, 'response_format', encodeFormat(responseFormat))
  return members
}

/** The service's word for an effort; none for as little as possible. */
function encodeEffort(effort: string | undefined): string | undefined {
  if (effort === 'none' || effort === 'minimal') return undefined
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort
}

/** Where the schema of a tool stands in a request, in OpenAI's words. */
export function functionPath(index: number): string {
  return `tools[${index}].function.parameters`
}

/** Adds a member that has a value. */
export function set(body: Extra, member: string, value: unknown): void {
  if (value !== undefined) body[member] = value
}

/** A function as both APIs describe it. */
export function encodeFunction(tool: Tool, path: string): Extra {
  if (tool.kind !== 'function') throw unsupported('tools', 'its tools are functions only')
  const { name, description, parameters } = tool
  const encoded: Extra = { name: encodeName(name) }
  set(encoded, 'description', description)
  return { ...encoded, parameters: simplifySchema(parameters, path).schema }
}

/** Without the member the service calls nothing; there is no word for "some function, whichever". */
export function encodeFunctionChoice({
  toolChoice,
  tools = [],
}: ChatRequest): 'auto' | 'none' | { name: string } {
  switch (toolChoice?.mode) {
    case undefined:
    case 'auto':
      return 'auto'
    case 'none':
      return 'none'
    case 'required': {
      const [only, ...others] = tools
      if (!only || others.length > 0 || only.kind === 'native') {
        throw unsupported('tool_choice', 'it can be made to call a named function only')
      }
      return { name: encodeName(only.name) }
    }
    case 'tool':
      return { name: encodeName(toolChoice.name) }
    case 'native':
      throw unsupported('tool_choice', 'it does not know this form')
    default:
      return toolChoice satisfies never
  }
}

/** The schema stands in the format itself, and the name that OpenAI wants has no place. */
function encodeFormat(format: ResponseFormat | undefined): Extra | undefined {
  if (format === undefined || format.type === 'text') return undefined
  if (format.type !== 'json_schema' || !isRecord(format.schema)) {
    throw unsupported('response_format', 'it answers in JSON only by a schema')
  }
  const { description, schema, strict } = format
  const encoded: Extra = {
    type: 'json_schema',
    schema: description === undefined ? schema : { description, ...schema },
  }
  set(encoded, 'strict', strict)
  return encoded
}
