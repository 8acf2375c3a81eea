import type { ChatRequest, ResponseFormat, Tool, ToolChoice } from '../../protocol/request.ts'
import { readMembers } from './decode-request.ts'
import { type MaxTokensField, openaiChat, sharedMembers } from './dialect.ts'
import { encodeMessage } from './encode-message.ts'
import { inner, unsupported } from './encode-support.ts'

/** The body of a completion request to an upstream of this dialect. */
export function encodeChatRequest(
  request: ChatRequest,
  options: { model: string; maxTokensField: MaxTokensField },
): Record<string, unknown> {
  const own = request.passthrough?.dialect === openaiChat
  const body: Record<string, unknown> = {
    model: options.model,
    messages: request.messages.map((message) => encodeMessage(message, { own })),
  }
  if (request.stream) {
    body['stream'] = true
    body['stream_options'] = { include_usage: true }
  }
  set(body, 'temperature', request.temperature)
  set(body, 'top_p', request.topP)
  set(body, 'top_k', request.topK)
  set(body, maxTokensField(request, options.maxTokensField), request.maxTokens)
  set(body, 'frequency_penalty', request.frequencyPenalty)
  set(body, 'presence_penalty', request.presencePenalty)
  set(body, 'stop', request.stop)
  set(body, 'seed', request.seed)
  set(body, 'n', request.choices)
  set(body, 'tools', request.tools && request.tools.map((tool) => encodeTool(tool, own)))
  set(body, 'tool_choice', request.toolChoice && encodeToolChoice(request.toolChoice, own))
  set(body, 'parallel_tool_calls', request.parallelToolCalls)
  set(body, 'response_format', request.responseFormat && encodeFormat(request.responseFormat, own))
  set(body, 'reasoning_effort', request.reasoningEffort)
  set(body, 'user', request.endUserId)
  set(body, 'logprobs', request.logprobs)
  set(body, 'top_logprobs', request.topLogprobs)
  addPassthrough(body, request)
  return body
}

function set(body: Record<string, unknown>, member: string, value: unknown): void {
  if (value !== undefined) body[member] = value
}

/** The client's own spelling wins: an upstream that refuses it tells the client so itself. */
function maxTokensField(request: ChatRequest, field: MaxTokensField): string {
  const { passthrough } = request
  if (passthrough?.dialect !== openaiChat) return field
  return passthrough.spellings?.['maxTokens'] ?? field
}

/** Members that this dialect's own clients sent, and those of a sister that mean the same. */
function addPassthrough(body: Record<string, unknown>, { passthrough }: ChatRequest): void {
  if (!passthrough) return
  const { dialect, members } = passthrough
  const known = dialect === openaiChat ? undefined : (sharedMembers[dialect] ?? new Set())
  for (const member in members) {
    if (!readMembers.has(member) && (known?.has(member) ?? true)) body[member] = members[member]
  }
}

function encodeTool(tool: Tool, own: boolean): unknown {
  switch (tool.kind) {
    case 'function': {
      const { name, description, parameters, strict } = tool
      const extra = own ? tool.extra : undefined
      const definition = { ...inner(extra, 'function'), name }
      set(definition, 'description', description)
      set(definition, 'parameters', parameters)
      set(definition, 'strict', strict)
      return { ...extra, type: 'function', function: definition }
    }
    case 'custom': {
      const { name, description, format } = tool
      const extra = own ? tool.extra : undefined
      const definition = { ...inner(extra, 'custom'), name }
      set(definition, 'description', description)
      set(definition, 'format', format)
      return { ...extra, type: 'custom', custom: definition }
    }
    case 'native':
      if (!own) throw unsupported(`the tool ${tool.type}`)
      return tool.definition
    default:
      return tool satisfies never
  }
}

function encodeToolChoice(choice: ToolChoice, own: boolean): unknown {
  switch (choice.mode) {
    case 'tool':
      return { type: choice.kind, [choice.kind]: { name: choice.name } }
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

function encodeFormat(format: ResponseFormat, own: boolean): unknown {
  switch (format.type) {
    case 'text':
    case 'json_object':
      return { type: format.type }
    case 'json_schema': {
      const { type, ...schema } = format
      return { type, json_schema: schema }
    }
    case 'native':
      if (!own) throw unsupported('this form of answer')
      return format.definition
    default:
      return format satisfies never
  }
}
