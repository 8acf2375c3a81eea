import type { ChatRequest, ResponseFormat, Tool, ToolChoice } from '../../protocol/request.ts'
import { readMembers } from './decode-request.ts'
import { type Extensions, type MaxTokensField, openaiChat, sharedMembers } from './dialect.ts'
import { encodeCacheMark } from './cache-mark.ts'
import { encodeMessage, type Ownership } from './encode-message.ts'
import { inner, unsupported } from './encode-support.ts'

/** The body of a completion request to an upstream of this dialect. */
export function encodeChatRequest(
  request: ChatRequest,
  options: {
    model: string
    maxTokensField: MaxTokensField
    extensions?: Extensions | undefined
    /** Whether the upstream knows the upper bound by `maxTokensField` alone. */
    insists?: boolean | undefined
  },
): Record<string, unknown> {
  const own = request.passthrough?.dialect === openaiChat
  const { topK, reasoning, cacheMarks } = options.extensions ?? {}
  const ownership = { own, cacheMarks }
  const body: Record<string, unknown> = {
    model: options.model,
    messages: request.messages.map((message) => encodeMessage(message, ownership)),
  }
  if (request.stream) {
    body['stream'] = true
    body['stream_options'] = { include_usage: true }
  }
  set(body, 'temperature', request.temperature)
  set(body, 'top_p', request.topP)
  if (topK) set(body, 'top_k', request.topK)
  const { maxTokensField: field, insists } = options
  set(body, insists ? field : maxTokensField(request, field), request.maxTokens)
  set(body, 'frequency_penalty', request.frequencyPenalty)
  set(body, 'presence_penalty', request.presencePenalty)
  set(body, 'stop', request.stop)
  set(body, 'seed', request.seed)
  set(body, 'n', request.choices)
  set(body, 'tools', request.tools && request.tools.map((tool) => encodeTool(tool, ownership)))
  set(body, 'tool_choice', request.toolChoice && encodeToolChoice(request.toolChoice, own))
  set(body, 'parallel_tool_calls', request.parallelToolCalls)
  set(body, 'response_format', request.responseFormat && encodeFormat(request.responseFormat, own))
  const inside = reasoningSpelling(request) === 'reasoning.effort' && reasoning
  if (!inside) set(body, 'reasoning_effort', request.reasoningEffort)
  if (reasoning) set(body, 'reasoning', encodeReasoning(request, { inside }))
  set(body, 'user', request.endUserId)
  set(body, 'logprobs', request.logprobs)
  set(body, 'top_logprobs', request.topLogprobs)
  addPassthrough(body, request)
  return body
}

function set(body: Record<string, unknown>, member: string, value: unknown): void {
  if (value !== undefined) body[member] = value
}

/** The client's own spelling wins where an upstream may know it. */
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
    if (readMembers.has(member) && member !== 'reasoning') continue
    if (known?.has(member) ?? true) body[member] = members[member]
  }
}

function reasoningSpelling({ passthrough }: ChatRequest): string | undefined {
  return passthrough?.dialect === openaiChat ? passthrough.spellings?.['reasoning'] : undefined
}

function encodeReasoning(
  request: ChatRequest,
  { inside }: { inside: boolean | undefined },
): unknown {
  const reasoning: Record<string, unknown> = {}
  if (inside) set(reasoning, 'effort', request.reasoningEffort)
  set(reasoning, 'max_tokens', request.reasoningBudgetTokens)
  set(reasoning, 'summary', request.reasoningSummary)
  return Object.keys(reasoning).length > 0 ? reasoning : undefined
}

function encodeTool(tool: Tool, { own, cacheMarks }: Ownership): unknown {
  switch (tool.kind) {
    case 'function': {
      const { name, description, parameters, strict } = tool
      const extra = own ? tool.extra : undefined
      const definition = { ...inner(extra, 'function'), name }
      set(definition, 'description', description)
      set(definition, 'parameters', parameters)
      set(definition, 'strict', strict)
      const mark = cacheMarks && tool.cache && { cache_control: encodeCacheMark(tool.cache) }
      return { ...extra, ...mark, type: 'function', function: definition }
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
