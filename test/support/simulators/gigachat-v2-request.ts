import * as z from 'zod'
import {
  checkGigachatRequest,
  GigachatError,
  type GigachatRequest,
  type GigachatTurn,
} from './gigachat-request.ts'

/** Both are reported of the service, at different times and hosts. */
export type ResultRole = 'function' | 'tool'

const record = z.record(z.string(), z.unknown())

const part = z.looseObject({
  text: z.string().optional(),
  files: z.array(z.looseObject({ id: z.string() })).optional(),
  function_call: z.looseObject({ name: z.string(), arguments: record }).optional(),
  function_result: z.looseObject({ name: z.string(), result: z.unknown() }).optional(),
})

const turn = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'function', 'tool']),
  content: z.array(part).min(1),
  functions_state_id: z.string().optional(),
  tools_state_id: z.string().optional(),
})

const functionSchema = z.looseObject({
  name: z.string(),
  description: z.string().optional(),
  parameters: record.optional(),
})

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(turn).min(1),
  model_options: z
    .looseObject({
      temperature: z.number().optional(),
      top_p: z.number().optional(),
      max_tokens: z.int().optional(),
      repetition_penalty: z.number().optional(),
      top_logprobs: z.int().min(1).max(5).optional(),
      reasoning: z.looseObject({ effort: z.enum(['low', 'medium', 'high', 'off']) }).optional(),
      response_format: z
        .looseObject({ type: z.string(), schema: record.optional(), regex: z.string().optional() })
        .optional(),
    })
    .optional(),
  tools: z.array(record).optional(),
  tool_config: z
    .looseObject({
      mode: z.enum(['auto', 'none', 'forced']),
      tool_name: z.string().optional(),
      function_name: z.string().optional(),
    })
    .optional(),
  stream: z.boolean().optional(),
})

type V2Request = z.infer<typeof requestSchema>
type V2Turn = z.infer<typeof turn>

/** Reads a body as API v2 does, and says the same in the words of v1, by which the model answers. */
export function parseGigachatV2Request(
  body: unknown,
  { models, resultRole }: { models: readonly string[]; resultRole: ResultRole },
): GigachatRequest {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) throw invalidSyntax()
  const { model, messages, model_options: options = {}, stream } = parsed.data
  const { reasoning, response_format: format, top_logprobs: topLogprobs, ...sampling } = options
  const effort = reasoning?.effort
  return checkGigachatRequest(
    {
      ...sampling,
      ...functionsOf(parsed.data),
      model,
      messages: messages.map((each) => toV1Turn(each, resultRole)),
      stream,
      ...(format && format.regex === undefined && format.type !== 'text'
        ? { response_format: format }
        : {}),
      ...(effort !== undefined && effort !== 'off' && { reasoning_effort: effort }),
      ofV2: { used: usedTool(parsed.data), topLogprobs },
    },
    models,
  )
}

const builtIn = new Set([
  'code_interpreter',
  'image_generate',
  'model_3d_generate',
  'url_content_extraction',
  'web_search',
])

function functionsOf({
  tools = [],
  tool_config: config,
}: V2Request): Pick<GigachatRequest, 'functions' | 'function_call'> {
  const specifications = tools.flatMap((tool) => {
    const unknown = Object.keys(tool).find((name) => name !== 'functions' && !builtIn.has(name))
    if (unknown !== undefined) throw new GigachatError(404, `Unknown tool ${unknown}`)
    if (!('functions' in tool)) return []
    const parsed = z
      .looseObject({ specifications: z.array(functionSchema) })
      .safeParse(tool['functions'])
    if (!parsed.success) throw invalidSyntax()
    return parsed.data.specifications
  })
  const name = config?.function_name
  const mode = config?.mode === 'none' ? 'none' : 'auto'
  return { functions: specifications, function_call: name === undefined ? mode : { name } }
}

/** A tool of the service is used where it must be, or where the user says "use" and its name. */
function usedTool({ tools = [], tool_config: config, messages }: V2Request): string | undefined {
  const names = tools.flatMap((tool) => Object.keys(tool).filter((name) => builtIn.has(name)))
  if (config?.mode === 'none') return undefined
  const asked = messages.findLast(({ role }) => role === 'user')?.content ?? []
  const words = asked.map((each) => each.text ?? '').join(' ')
  const wanted = config?.tool_name ?? /\buse\s+(\w+)/i.exec(words)?.[1]
  return names.find((name) => name === wanted)
}

function toV1Turn(told: V2Turn, resultRole: ResultRole): GigachatTurn {
  const { role, content } = told
  const isResult = role === 'function' || role === 'tool'
  if (isResult && role !== resultRole) throw invalidSyntax()
  const files = content.flatMap((each) => each.files ?? []).map(({ id }) => id)
  const attachments = files.length > 0 && { attachments: files }
  if (isResult) {
    const [result] = content.flatMap((each) => each.function_result ?? [])
    if (!result) throw invalidSyntax()
    const text = readResult(result, resultRole)
    return { role: 'function', name: result.name, content: text, ...attachments }
  }
  const [call] = content.flatMap((each) => each.function_call ?? [])
  return {
    role,
    content: content.flatMap((each) => each.text ?? []).join('\n'),
    ...attachments,
    ...(call && { function_call: call }),
  }
}

function readResult(
  { name, result }: { name: string; result?: unknown },
  resultRole: ResultRole,
): string {
  if (resultRole === 'tool') {
    if (typeof result !== 'object' || result === null) throw invalidSyntax()
    return JSON.stringify(result)
  }
  if (typeof result !== 'string') throw invalidSyntax()
  try {
    JSON.parse(result)
  } catch {
    throw new GigachatError(
      400,
      `invalid function result for function ${name} json string ${result}, error: JSON parse error at line 1 column 1`,
    )
  }
  return result
}

function invalidSyntax(): GigachatError {
  return new GigachatError(400, 'Your request contains invalid JSON syntax.')
}
