import { OpenaiError, unknownModel } from './openai-error.ts'
import { findModel, type OpenaiModel, reasoningTokens } from './openai-models.ts'
import type { CompletionRequest, RequestMessage } from './openai-request.ts'

/** Throws what OpenAI answers to a request it cannot serve; otherwise the model that serves it. */
export function validate(models: OpenaiModel[], request: CompletionRequest): OpenaiModel {
  const model = findModel(models, request.model)
  if (!model) throw unknownModel(request.model)
  checkKind(model)
  checkDependencies(request)
  checkRanges(request)
  checkReasoning(model, request)
  checkMessages(request.messages)
  checkToolOrder(request.messages)
  checkJsonMode(request)
  return model
}

/** How many tokens the model thinks before it answers. */
export function effortTokens(model: OpenaiModel, request: CompletionRequest): number {
  if (!model.effort) return 0
  return reasoningTokens[request.reasoning_effort ?? model.effort]
}

function checkKind({ kind }: OpenaiModel): void {
  if (kind === 'completion') {
    throw new OpenaiError(
      404,
      'This is not a chat model and thus not supported in the v1/chat/completions endpoint. ' +
        'Did you mean to use v1/completions?',
      { param: 'model' },
    )
  }
  if (kind === 'embedding') {
    throw new OpenaiError(403, 'You are not allowed to sample from this model', { edge: true })
  }
}

function checkDependencies(request: CompletionRequest): void {
  for (const param of ['tool_choice', 'parallel_tool_calls'] as const) {
    if (isGiven(request[param]) && !request.tools?.length) {
      const message = `Invalid value for '${param}': '${param}' is only allowed when 'tools' are specified.`
      throw new OpenaiError(400, message, { param })
    }
  }
  if (isGiven(request.stream_options) && request.stream !== true) {
    const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    throw new OpenaiError(400, message, { param: 'stream_options' })
  }
  if (isGiven(request.top_logprobs) && request.logprobs !== true) {
    const message =
      "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is enabled."
    throw new OpenaiError(400, message, { param: 'top_logprobs' })
  }
}

const ranges = [
  { param: 'temperature', kind: 'decimal', min: 0, max: 2 },
  { param: 'top_p', kind: 'decimal', min: 0, max: 1 },
  { param: 'presence_penalty', kind: 'decimal', min: -2, max: 2 },
  { param: 'frequency_penalty', kind: 'decimal', min: -2, max: 2 },
  { param: 'n', kind: 'integer', min: 1, max: 128 },
  { param: 'top_logprobs', kind: 'integer', min: 0, max: 20 },
  { param: 'max_tokens', kind: 'integer', min: 1, max: Infinity },
  { param: 'max_completion_tokens', kind: 'integer', min: 1, max: Infinity },
] as const

function checkRanges(request: CompletionRequest): void {
  for (const { param, kind, min, max } of ranges) {
    const value = request[param] ?? min
    if (value >= min && value <= max) continue
    const [side, sign, bound] = value < min ? ['below_min', '>=', min] : ['above_max', '<=', max]
    const words = side === 'below_min' ? 'below minimum' : 'above maximum'
    throw new OpenaiError(
      400,
      `Invalid '${param}': ${kind} ${words} value. Expected a value ${sign} ${bound}, ` +
        `but got ${value} instead.`,
      { param, code: `${kind}_${side}_value` },
    )
  }
}

function checkReasoning(model: OpenaiModel, request: CompletionRequest): void {
  if (!model.effort) {
    if (isGiven(request.reasoning_effort)) {
      const message = 'Unrecognized request argument supplied: reasoning_effort'
      throw new OpenaiError(400, message)
    }
    return
  }
  if (model.samples) return
  if (isGiven(request.max_tokens) && !model.takesOlderLimit) {
    const hint = " Use 'max_completion_tokens' instead."
    throw unsupported('max_tokens', { hint, code: 'unsupported_parameter' })
  }
  if (model.refusesStop && isGiven(request.stop)) {
    throw unsupported('stop', { code: 'unsupported_parameter' })
  }
  if (effortTokens(model, request) === 0 && model.effort === 'none') return
  for (const [param, neutral] of Object.entries(neutralSampling)) {
    const value = request[param]
    if (isGiven(value) && value !== neutral) throw unsupported(param)
  }
}

const neutralSampling = {
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
}

function unsupported(param: string, { hint = '', code = '' } = {}): OpenaiError {
  const message = `Unsupported parameter: '${param}' is not supported with this model.${hint}`
  return new OpenaiError(400, message, { param, code: code || null })
}

const partKinds: Record<string, string[]> = {
  user: ['text', 'image_url', 'file'],
  assistant: ['text', 'refusal'],
}

function checkMessages(messages: RequestMessage[]): void {
  if (messages.length === 0) {
    throw new OpenaiError(
      400,
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an " +
        'empty array instead.',
      { param: 'messages', code: 'empty_array' },
    )
  }
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}]`
    checkRole(message, param)
    if (!Array.isArray(message.content)) continue
    const allowed = partKinds[message.role] ?? ['text']
    if (message.content.some((part) => !allowed.includes(part.type))) {
      const text = `Invalid '${param}'. Content blocks are expected to be either text or image_url type.`
      throw new OpenaiError(400, text, { param, code: 'invalid_value' })
    }
    for (const part of message.content) if (part.image_url) checkImage(part.image_url.url)
  }
}

const roles = new Set(['system', 'assistant', 'user', 'function', 'tool', 'developer'])

function checkRole({ role, content, tool_calls: calls }: RequestMessage, param: string): void {
  if (!roles.has(role)) {
    throw new OpenaiError(
      400,
      `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', ` +
        "'function', 'tool', and 'developer'.",
      { param: `${param}.role`, code: 'invalid_value' },
    )
  }
  if (isGiven(content) || calls?.length) return
  throw new OpenaiError(400, `Invalid value for 'content': expected a string, got null.`, {
    param: `${param}.content`,
  })
}

/** Hosts under .invalid never resolve, so they stand for images that cannot be downloaded. */
function checkImage(url: string): void {
  if (url.startsWith('data:image/')) return
  if (!/^https?:/.test(url)) {
    const message = `Failed to download image from ${url.slice(0, 40)}. Image URL is not valid.`
    throw new OpenaiError(400, message, { code: 'invalid_image_url' })
  }
  if (URL.parse(url)?.hostname.endsWith('.invalid')) {
    throw new OpenaiError(400, `Error while downloading ${url}.`, { code: 'invalid_image_url' })
  }
}

function checkToolOrder(messages: RequestMessage[]): void {
  let open = new Set<string>()
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (open.delete(message.tool_call_id ?? '')) continue
      throw new OpenaiError(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding " +
          "message with 'tool_calls'.",
        { param: `messages.[${index}].role` },
      )
    }
    if (open.size > 0) throw unanswered(open)
    open = new Set(message.tool_calls?.map((call) => call.id))
  }
  if (open.size > 0) throw unanswered(open)
}

function unanswered(ids: Set<string>): OpenaiError {
  return new OpenaiError(
    400,
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each " +
      `'tool_call_id'. The following tool_call_ids did not have response messages: ${[...ids].join(', ')}`,
    { param: 'messages' },
  )
}

function checkJsonMode({ response_format: format, messages }: CompletionRequest): void {
  if (format?.type !== 'json_object') return
  if (/json/i.test(JSON.stringify(messages))) return
  const message =
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type " +
    "'json_object'."
  throw new OpenaiError(400, message, { param: 'messages' })
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
