import * as z from 'zod'

/** An error as GigaChat's API words it. */
export class GigachatError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }

  body(): object {
    return { status: this.status, message: this.message }
  }
}

const turn = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'function']),
  content: z.string(),
  name: z.string().optional(),
  attachments: z.array(z.string()).optional(),
  function_call: z
    .looseObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })
    .optional(),
  functions_state_id: z.string().optional(),
  reasoning_content: z.string().optional(),
})

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(turn).min(1),
  functions: z
    .array(
      z.looseObject({
        name: z.string(),
        description: z.string().optional(),
        parameters: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
  function_call: z
    .union([z.enum(['none', 'auto']), z.looseObject({ name: z.string() })])
    .optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  max_tokens: z.int().optional(),
  repetition_penalty: z.number().optional(),
  stream: z.boolean().optional(),
  response_format: z
    .looseObject({ type: z.string(), schema: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  reasoning_effort: z.enum(['low', 'medium', 'high']).optional(),
})

export type GigachatRequest = z.infer<typeof requestSchema> & { ofV2?: V2Demands }

/** What only API v2 can be asked for. */
export interface V2Demands {
  /** A tool of the service that the answer uses. */
  used: string | undefined
  topLogprobs: number | undefined
}

export type GigachatTurn = z.infer<typeof turn>
export type GigachatFunction = NonNullable<GigachatRequest['functions']>[number]

/** Reads a body as the service does: any wrong type is "invalid JSON", and unknown members are ignored. */
export function parseGigachatRequest(body: unknown, models: readonly string[]): GigachatRequest {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) throw new GigachatError(400, 'Your request contains invalid JSON syntax.')
  return checkGigachatRequest(parsed.data, models)
}

/** What both APIs refuse. */
export function checkGigachatRequest(
  request: GigachatRequest,
  models: readonly string[],
): GigachatRequest {
  if (!models.includes(request.model)) throw new GigachatError(404, 'No such model')
  checkRanges(request)
  checkFormat(request)
  checkFunctions(request)
  checkTurns(request.messages)
  return request
}

function checkRanges({ temperature, top_p: topP, repetition_penalty: penalty }: GigachatRequest) {
  if (temperature !== undefined && temperature <= 0) throw range('temperature', '(0, +inf)')
  if (topP !== undefined && (topP < 0 || topP > 1)) throw range('top_p', '[0, 1]')
  if (penalty !== undefined && penalty <= 0) throw range('repetition_penalty', '(0, +inf)')
}

function range(member: string, interval: string): GigachatError {
  return invalid(`${member} must be in range ${interval}`)
}

function checkFormat({ response_format: format }: GigachatRequest): void {
  if (!format) return
  if (format.type !== 'json_schema') {
    throw new GigachatError(400, `Unknown type "${format.type}" in response_format`)
  }
  if (!format.schema || Object.keys(format.schema).length === 0) {
    throw new GigachatError(400, 'Empty schema with json format type is not supported')
  }
}

function checkFunctions({ functions = [] }: GigachatRequest): void {
  for (const { name } of functions) {
    if (/^[A-Za-z_.-][\w.-]*$/.test(name)) continue
    throw invalid(
      'Invalid function names. Only Latin letters (A-Z or a-z), underscore (_), hyphen (-), ' +
        `dot (.) and digits (not leading) are allowed.: [${name}]`,
    )
  }
}

function checkTurns(turns: readonly GigachatTurn[]): void {
  for (const [index, { role, content, function_call: call }] of turns.entries()) {
    if (role === 'system' && index > 0) throw invalid('system message must be the first message')
    if (role === 'function') {
      if (turns[index - 1]?.function_call === undefined) {
        throw invalid(
          'every assistant function result must have an assistant function call in history',
        )
      }
      if (!isObject(content)) throw invalid('function result must be a JSON object')
    }
    if (call && turns[index + 1]?.role !== 'function') {
      throw invalid('every assistant function call must have a result in history')
    }
  }
}

function invalid(what: string): GigachatError {
  return new GigachatError(422, `Invalid params: ${what}`)
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
