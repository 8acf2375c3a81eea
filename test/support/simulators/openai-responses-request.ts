import * as z from 'zod'
import { OpenaiError } from './openai-error.ts'
import type { CompletionRequest } from './openai-request.ts'
import { parseRequest } from './openai-request.ts'
import { sealedId } from './openai-sealed.ts'

const item = z.looseObject({
  type: z.string().nullish(),
  role: z.string().nullish(),
  id: z.string().nullish(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
  call_id: z.string().nullish(),
  name: z.string().nullish(),
  arguments: z.string().nullish(),
  input: z.string().nullish(),
  output: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
  encrypted_content: z.string().nullish(),
})

const tool = z.looseObject({ type: z.string(), name: z.string().nullish() })

const responsesRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(item)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }).nullish() }).nullish(),
  reasoning: z
    .looseObject({ effort: z.string().nullish(), summary: z.string().nullish() })
    .nullish(),
  max_output_tokens: z.int().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_logprobs: z.int().nullish(),
})

export type ResponsesRequest = z.infer<typeof responsesRequest>
type Item = z.infer<typeof item>

/** Members that are accepted and mean nothing to the simulator. */
const ignoredMembers = [
  'metadata',
  'user',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'previous_response_id',
  'stream_options',
  'truncation',
  'max_tool_calls',
  'background',
  'moderation',
]

const known = new Set([...Object.keys(responsesRequest.shape), ...ignoredMembers])

/** Reads a body as OpenAI does, and says it in the words of chat completions, in which the model answers. */
export function parseResponsesRequest(
  rawBody: string,
  body: unknown,
): { asked: ResponsesRequest; chat: CompletionRequest } {
  const members = typeof body === 'object' && body !== null ? body : {}
  const unknown = Object.keys(members).find((member) => !known.has(member))
  if (unknown !== undefined) {
    throw refused(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter')
  }
  const parsed = responsesRequest.safeParse(body)
  if (!parsed.success) {
    const param = parsed.error.issues[0]?.path.join('.') ?? ''
    throw refused(`Invalid type for '${param}'.`, param, 'invalid_type')
  }
  const asked = parsed.data
  const least = 16
  if ((asked.max_output_tokens ?? least) < least) {
    throw refused(
      `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= ${least}, but got ${asked.max_output_tokens} instead.`,
      'max_output_tokens',
      'integer_below_min_value',
    )
  }
  const items = Array.isArray(asked.input) ? asked.input : []
  checkReasoning(asked, items)
  return { asked, chat: parseRequest(rawBody, chatBody(asked, items)) }
}

/** Sealed reasoning must be what was sealed here, and be followed by what it led to. */
function checkReasoning({ store }: ResponsesRequest, items: readonly Item[]): void {
  for (const [index, { type, id, encrypted_content: sealed }] of items.entries()) {
    if (type !== 'reasoning') continue
    if (sealed == null && store === false) {
      throw refused(
        `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
        'input',
      )
    }
    const inside = sealed == null ? id : sealedId(sealed)
    if (inside === undefined || (id != null && inside !== id)) {
      throw refused(
        `The encrypted content for item ${id} could not be verified.`,
        null,
        'invalid_encrypted_content',
      )
    }
    const next = items[index + 1]
    if (!next || ['user', 'system', 'developer'].includes(next.role ?? '')) {
      throw refused(
        `Item '${id}' of type 'reasoning' was provided without its required following item.`,
        'input',
      )
    }
  }
}

function chatBody(asked: ResponsesRequest, items: readonly Item[]): object {
  const { format } = asked.text ?? {}
  const functions = (asked.tools ?? []).filter(
    ({ type }) => type === 'function' || type === 'custom',
  )
  const given: Record<string, unknown> = {
    model: asked.model,
    messages: [
      ...(asked.instructions == null ? [] : [{ role: 'system', content: asked.instructions }]),
      ...(typeof asked.input === 'string' ? [{ role: 'user', content: asked.input }] : []),
      ...messagesOf(items),
    ],
    stream: asked.stream,
    temperature: asked.temperature,
    top_p: asked.top_p,
    max_completion_tokens: asked.max_output_tokens,
    reasoning_effort: asked.reasoning?.effort,
    ...(functions.length > 0 && {
      tools: functions.map(({ type, ...rest }) => ({ type, [type]: rest })),
      tool_choice: chatChoice(asked.tool_choice),
      parallel_tool_calls: asked.parallel_tool_calls,
    }),
    ...(format?.type === 'json_schema' && {
      response_format: { type: 'json_schema', json_schema: format },
    }),
    ...(format?.type === 'json_object' && { response_format: format }),
    ...(asked.include?.includes('message.output_text.logprobs') && {
      logprobs: true,
      top_logprobs: asked.top_logprobs ?? 0,
    }),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null))
}

function chatChoice(choice: unknown): unknown {
  if (typeof choice !== 'object' || choice === null || !('type' in choice)) return choice
  const { type, ...rest } = choice
  return { type, [String(type)]: rest }
}

/** Calls in a row are one message, and so is a text before them. */
function messagesOf(items: readonly Item[]): object[] {
  const messages: Record<string, unknown>[] = []
  for (const each of items) {
    const last = messages.at(-1)
    const turn = last?.['role'] === 'assistant' ? last : undefined
    switch (each.type ?? 'message') {
      case 'message':
        messages.push({ role: each.role, content: chatContent(each.content) })
        break
      case 'function_call':
      case 'custom_tool_call': {
        const message = turn ?? { role: 'assistant', content: null }
        if (!turn) messages.push(message)
        const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : []
        message['tool_calls'] = [...calls, chatCall(each)]
        break
      }
      case 'function_call_output':
      case 'custom_tool_call_output':
        messages.push({
          role: 'tool',
          tool_call_id: each.call_id,
          content: typeof each.output === 'string' ? each.output : JSON.stringify(each.output),
        })
        break
      default:
    }
  }
  return messages
}

function chatCall({ type, call_id: id, name, ...rest }: Item): object {
  return type === 'custom_tool_call'
    ? { id, type: 'custom', custom: { name, input: rest.input } }
    : { id, type: 'function', function: { name, arguments: rest.arguments } }
}

const kinds: Record<string, (part: Record<string, unknown>) => object> = {
  input_text: ({ text }) => ({ type: 'text', text }),
  output_text: ({ text }) => ({ type: 'text', text }),
  refusal: ({ refusal }) => ({ type: 'refusal', refusal }),
  input_image: ({ image_url: url, detail }) => ({
    type: 'image_url',
    image_url: { url: url ?? 'https://files.example/image', ...(detail != null && { detail }) },
  }),
  input_file: ({ file_id, file_data }) => ({ type: 'file', file: { file_id, file_data } }),
}

function chatContent(content: Item['content']): unknown {
  if (!Array.isArray(content)) return content
  return content.map((part) => {
    const convert = kinds[part.type]
    if (convert) return convert(part)
    throw refused(
      `Invalid value: '${part.type}'. Supported values are: ${Object.keys(kinds).join(', ')}.`,
      'input',
      'invalid_value',
    )
  })
}

function refused(message: string, param: string | null, code: string | null = null): OpenaiError {
  return new OpenaiError(400, message, { param, code })
}
