import * as z from 'zod'
import { OpenaiError } from './openai-error.ts'

const part = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  refusal: z.string().nullish(),
  image_url: z.looseObject({ url: z.string(), detail: z.string().nullish() }).nullish(),
})

const toolCall = z.looseObject({
  id: z.string(),
  type: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }).nullish(),
  custom: z.looseObject({ name: z.string(), input: z.string() }).nullish(),
})

const messageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(part)]).nullish(),
  name: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: z.string().nullish(),
})

const named = z.looseObject({ name: z.string() })

const tool = z.looseObject({
  type: z.string(),
  function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }).nullish(),
  custom: named.nullish(),
})

const namedChoice = z.looseObject({
  type: z.string(),
  function: named.nullish(),
  custom: named.nullish(),
  allowed_tools: z.looseObject({ mode: z.string(), tools: z.array(z.unknown()) }).nullish(),
})

const completionRequest = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema),
  stream: z.boolean().nullish(),
  stream_options: z
    .looseObject({
      include_usage: z.boolean().nullish(),
      include_obfuscation: z.boolean().nullish(),
    })
    .nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), namedChoice]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .looseObject({
      type: z.string(),
      json_schema: z.looseObject({ name: z.string(), schema: z.unknown().optional() }).nullish(),
    })
    .nullish(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  n: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nullish(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
  service_tier: z.string().nullish(),
})

export type CompletionRequest = z.infer<typeof completionRequest>
export type RequestMessage = z.infer<typeof messageSchema>
export type RequestTool = z.infer<typeof tool>

/** Members that are accepted and mean nothing to the simulator. */
const ignoredMembers = [
  'metadata',
  'user',
  'safety_identifier',
  'store',
  'seed',
  'logit_bias',
  'verbosity',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'moderation',
  'modalities',
  'audio',
  'prediction',
  'web_search_options',
  'functions',
  'function_call',
]

const knownMembers = new Set([...Object.keys(completionRequest.shape), ...ignoredMembers])

/** Reads a body as OpenAI does: first its form, then its members, then their types; `further` members are a variant's. */
export function parseRequest(
  rawBody: string,
  body: unknown,
  further: readonly string[] = [],
): CompletionRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new OpenaiError(
      400,
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't " +
        'using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was ' +
        `sent was not valid JSON. ${rawBody.length} characters came.)`,
    )
  }
  if (!('model' in body)) throw new OpenaiError(400, 'you must provide a model parameter')
  if (!('messages' in body)) throw missing('messages')
  const unknown = Object.keys(body).find(
    (member) => !knownMembers.has(member) && !further.includes(member),
  )
  if (unknown !== undefined) {
    const rest = { param: unknown, code: 'unknown_parameter' }
    throw new OpenaiError(400, `Unknown parameter: '${unknown}'.`, rest)
  }
  const parsed = completionRequest.safeParse(body)
  if (!parsed.success) throw invalidType(parsed.error)
  return parsed.data
}

function missing(param: string): OpenaiError {
  const rest = { param, code: 'missing_required_parameter' }
  return new OpenaiError(400, `Missing required parameter: '${param}'.`, rest)
}

function invalidType(error: z.ZodError): OpenaiError {
  const issue = error.issues[0]
  const param = pathOf(issue?.path ?? [])
  const message = `Invalid type for '${param}': ${issue?.message ?? 'unexpected value'}.`
  return new OpenaiError(400, message, { param, code: 'invalid_type' })
}

function pathOf(path: PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1)
}
