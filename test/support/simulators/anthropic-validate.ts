import type { IncomingHttpHeaders } from 'node:http'
import { invalid } from './anthropic-error.ts'
import type { AnthropicModel } from './anthropic-models.ts'
import { blocksOf, type MessageRequest, type WireBlock } from './anthropic-request.ts'
import { isSigned } from './anthropic-signature.ts'

/** Refuses what the service refuses, in its words. */
export function validate(
  request: MessageRequest,
  model: AnthropicModel,
  headers: IncomingHttpHeaders,
): void {
  checkLimit(request, model)
  checkTuning(request, model)
  checkThinking(request, model)
  checkTools(request)
  checkFormat(request, model)
  checkTurns(request, model)
  const text = JSON.stringify(request)
  if (text.split('"cache_control"').length - 1 > 4) {
    throw invalid('A maximum of 4 blocks with cache_control may be provided. Found 5.')
  }
  if (text.includes('"file_id"') && !String(headers['anthropic-beta']).includes('files-api-')) {
    throw invalid('messages.0.content.0.source: Input tag "file" found using "type" does not match')
  }
}

function checkLimit(
  { max_tokens: limit }: MessageRequest,
  { id, maxOutput }: AnthropicModel,
): void {
  if (limit <= maxOutput) return
  throw invalid(
    `max_tokens: ${limit} > ${maxOutput}, which is the maximum allowed number of output tokens for ${id}`,
  )
}

function checkTuning(request: MessageRequest, model: AnthropicModel): void {
  const { temperature, top_p: topP, top_k: topK } = request
  if (!model.sampling) {
    const odd = (temperature ?? 1) !== 1 || (topP ?? 1) < 0.99 || topK !== undefined
    if (odd) throw invalid('`temperature`, `top_p` and `top_k` are deprecated for this model.')
    return
  }
  if (model.id.includes('-4-') && temperature !== undefined && topP !== undefined) {
    throw invalid('`temperature` and `top_p` cannot both be specified for this model.')
  }
  for (const sequence of request.stop_sequences ?? []) {
    if (sequence.trim() === '') {
      throw invalid('stop_sequences: each stop sequence must contain non-whitespace')
    }
  }
}

function checkThinking(request: MessageRequest, model: AnthropicModel): void {
  const { thinking, max_tokens: limit, temperature, top_k: topK } = request
  if (!thinking || thinking.type === 'disabled') return
  if (!model.thinking[thinking.type]) {
    throw invalid(`thinking.type: "${thinking.type}" is not supported on this model`)
  }
  if (thinking.type === 'enabled' && thinking.budget_tokens >= limit) {
    throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.')
  }
  if ((temperature ?? 1) !== 1 || topK !== undefined) {
    throw invalid('`temperature` may only be set to 1 when thinking is enabled.')
  }
  const forced = request.tool_choice?.type
  if (forced === 'any' || forced === 'tool') {
    throw invalid('Thinking may not be enabled when tool_choice forces tool use.')
  }
}

function checkTools({ tools = [], tool_choice: choice }: MessageRequest): void {
  for (const [index, { type, name, input_schema: schema }] of tools.entries()) {
    if (type !== undefined && type !== 'custom') continue
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
      throw invalid(
        `tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`,
      )
    }
    if (schema?.['type'] !== 'object') {
      throw invalid(`tools.${index}.custom.input_schema.type: Field required`)
    }
  }
  if (choice && tools.length === 0) throw invalid('tool_choice may only be specified with tools')
  if (choice?.type === 'tool' && !tools.some(({ name }) => name === choice.name)) {
    throw invalid(`Tool '${choice.name}' not found in provided tools`)
  }
}

function checkFormat({ output_config: config }: MessageRequest, model: AnthropicModel): void {
  const { effort, format } = config ?? {}
  if (effort !== undefined && !model.efforts.includes(effort)) {
    throw invalid(
      `This model does not support effort level '${effort}'. Supported levels: ${model.efforts.join(', ')}.`,
    )
  }
  if (format && isOpen(format.schema)) {
    throw invalid(
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    )
  }
}

function isOpen(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  const { type, additionalProperties }: { type?: unknown; additionalProperties?: unknown } = schema
  if (type === 'object' && additionalProperties !== false) return true
  return Object.values(schema).some(isOpen)
}

function checkTurns(request: MessageRequest, model: AnthropicModel): void {
  const { messages } = request
  if (messages[0]?.role !== 'user')
    throw invalid('messages: first message must use the "user" role')
  let called: string[] = []
  for (const [index, { role, content }] of messages.entries()) {
    if (role === 'system' && !model.systemTurns) {
      throw invalid(`messages.${index}.role: Input should be 'user' or 'assistant'`)
    }
    const blocks = blocksOf(content)
    for (const [at, block] of blocks.entries()) checkBlock(block, `messages.${index}.content.${at}`)
    if (role === 'user') checkResults(blocks, called, index)
    else if (role === 'assistant' && called.length > 0) throw unanswered(index - 1, called)
    if (role !== 'system') called = role === 'assistant' ? idsOf(blocks, 'tool_use', 'id') : []
  }
  if (called.length > 0) throw unanswered(messages.length - 1, called)
  checkEnd(request, model)
}

function checkBlock(block: WireBlock, path: string): void {
  const { type, text } = block
  if (type === 'text' && String(text).trim() === '') {
    throw invalid('messages: text content blocks must be non-empty')
  }
  if (type === 'thinking' && !isSigned(String(block['thinking']), block['signature'])) {
    throw invalid(`${path}: Invalid \`signature\` in \`thinking\` block`)
  }
  if (type === 'redacted_thinking' && !String(block['data']).startsWith('Er')) {
    throw invalid(`${path}: Invalid \`data\` in \`redacted_thinking\` block`)
  }
  if (type === 'tool_use' && !/^[a-zA-Z0-9_-]+$/.test(String(block['id']))) {
    throw invalid(`${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`)
  }
}

function checkResults(blocks: WireBlock[], called: string[], index: number): void {
  const first = blocks.findIndex(({ type }) => type !== 'tool_result')
  const late = first >= 0 && blocks.slice(first).some(({ type }) => type === 'tool_result')
  if (late) throw invalid('tool_result blocks must come first in the content')
  const answered = idsOf(blocks, 'tool_result', 'tool_use_id')
  const unknown = answered.find((id) => !called.includes(id))
  if (unknown !== undefined) {
    throw invalid(
      `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}. ` +
        'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
    )
  }
  const open = called.filter((id) => !answered.includes(id))
  if (open.length > 0) throw unanswered(index - 1, open)
}

function unanswered(index: number, ids: string[]): Error {
  return invalid(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(', ')}. ` +
      'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  )
}

function checkEnd({ messages, thinking }: MessageRequest, model: AnthropicModel): void {
  const last = messages.at(-1)
  if (last?.role === 'assistant') {
    if (!model.prefill) {
      throw invalid(
        'This model does not support assistant message prefill. The conversation must end with a user message.',
      )
    }
    const text = blocksOf(last.content).at(-1)?.['text']
    if (typeof text === 'string' && /\s$/.test(text)) {
      throw invalid('messages: final assistant content cannot end with trailing whitespace')
    }
  }
  if (thinking?.type !== 'enabled') return
  const turn = messages.findLastIndex(({ role }) => role === 'assistant')
  const blocks = blocksOf(messages[turn]?.content ?? [])
  const [first] = blocks
  if (first && !first.type.endsWith('thinking') && blocks.some(({ type }) => type === 'tool_use')) {
    throw invalid(
      `messages.${turn}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`.`,
    )
  }
}

function idsOf(blocks: WireBlock[], type: string, member: string): string[] {
  return blocks.filter((block) => block.type === type).map((block) => String(block[member]))
}
