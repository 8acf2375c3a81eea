import * as z from 'zod'
import type { CompletionRequest, RequestMessage } from './openai-request.ts'
import type { OllamaModel } from './ollama-models.ts'

/** A failure as Ollama words it. */
export class OllamaError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }

  body(): object {
    return { error: this.message }
  }
}

/** A prompt or a text that does not fit. */
export const tooLong = new OllamaError(400, 'the input length exceeds the context length')

const call = z.looseObject({
  id: z.string().optional(),
  function: z.looseObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
})

const message = z.looseObject({
  role: z.string(),
  content: z.string().default(''),
  thinking: z.string().optional(),
  images: z.array(z.string()).optional(),
  tool_calls: z.array(call).optional(),
  tool_name: z.string().optional(),
  tool_call_id: z.string().optional(),
})

const chatRequest = z.looseObject({
  model: z.string().default(''),
  messages: z.array(message).default([]),
  tools: z
    .array(
      z.looseObject({
        type: z.string(),
        function: z.looseObject({ name: z.string(), parameters: z.looseObject({}) }),
      }),
    )
    .nullish(),
  format: z.union([z.enum(['', 'json']), z.looseObject({})]).nullish(),
  stream: z.boolean().default(true),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])]).nullish(),
  truncate: z.boolean().default(true),
  keep_alive: z.union([z.string(), z.number()]).nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
  logprobs: z.boolean().optional(),
  top_logprobs: z.int().optional(),
})

export type OllamaRequest = z.infer<typeof chatRequest>

const optionTypes = z.looseObject({
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  presence_penalty: z.number().optional(),
  frequency_penalty: z.number().optional(),
  top_k: z.int().optional(),
  seed: z.int().optional(),
  num_predict: z.int().optional(),
  num_ctx: z.int().optional(),
  stop: z.array(z.string()).optional(),
})

const goTypes: Record<string, string> = { stop: '[]string', num_predict: 'int', top_k: 'int' }

/** Reads `POST /api/chat` as the server does: unknown members mean nothing, and types are Go's. */
export function parseOllamaRequest(body: unknown, models: readonly OllamaModel[]) {
  if (body === undefined) throw new OllamaError(400, 'missing request body')
  const parsed = chatRequest.safeParse(body)
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.filter((key) => typeof key === 'string').join('.')
    throw new OllamaError(
      400,
      `json: cannot unmarshal value into Go struct field ChatRequest.${field} of another type`,
    )
  }
  const request = parsed.data
  const model = findOllamaModel(models, request.model)
  checkOptions(request)
  checkAbilities(request, model)
  for (const image of request.messages.flatMap(({ images = [] }) => images)) {
    if (!/^[\w+/]+=*$/.test(image)) {
      throw new OllamaError(400, 'illegal base64 data at input byte 4')
    }
  }
  return { request, model }
}

/** A name without a tag is that of the tag `latest`. */
export function findOllamaModel(models: readonly OllamaModel[], name: string): OllamaModel {
  if (name === '') throw new OllamaError(400, 'model is required')
  const model = models.find(({ id }) => id === name || id === `${name}:latest`)
  if (!model) throw new OllamaError(404, `model '${name}' not found`)
  return model
}

function checkOptions({ options, top_logprobs: top = 0 }: OllamaRequest): void {
  const parsed = optionTypes.safeParse(options ?? {})
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0])
    throw new OllamaError(400, `option "${name}" must be of type ${goTypes[name] ?? 'float32'}`)
  }
  if (top < 0 || top > 20) throw new OllamaError(400, 'top_logprobs must be between 0 and 20')
}

function checkAbilities({ model: name, tools, think }: OllamaRequest, model: OllamaModel): void {
  const { capabilities } = model
  if (!capabilities.includes('completion')) {
    throw new OllamaError(400, `"${name}" does not support chat`)
  }
  if (tools?.length && !capabilities.includes('tools')) {
    throw new OllamaError(400, `registry.ollama.ai/library/${name} does not support tools`)
  }
  if (think && !capabilities.includes('thinking')) {
    throw new OllamaError(400, `"${name}" does not support thinking`)
  }
}

/** The request in the words in which the simulators make answers. */
export function plainRequest({
  request,
  model,
}: ReturnType<typeof parseOllamaRequest>): CompletionRequest {
  const options = optionTypes.parse(request.options ?? {})
  const { think, format, tools } = request
  const effort = think === true || think === null ? undefined : think === false ? 'none' : think
  const limit = options.num_predict
  return {
    model: model.id,
    messages: request.messages.map(plainMessage),
    stop: options.stop,
    max_tokens: limit !== undefined && limit >= 0 ? limit : undefined,
    tools: tools ?? undefined,
    logprobs: request.logprobs,
    top_logprobs: request.top_logprobs,
    reasoning_effort: effort,
    response_format: formatOf(format),
  }
}

function formatOf(format: OllamaRequest['format']): CompletionRequest['response_format'] {
  if (!format) return undefined
  if (format === 'json') return { type: 'json_object' }
  return { type: 'json_schema', json_schema: { name: 'any', schema: format } }
}

function plainMessage({
  role,
  content,
  images = [],
  tool_calls: calls,
}: OllamaRequest['messages'][number]): RequestMessage {
  return {
    role,
    content: [
      { type: 'text', text: content },
      ...images.map(() => ({ type: 'image_url', image_url: { url: '', detail: 'low' } })),
    ],
    ...(calls && {
      tool_calls: calls.map(({ id = '', function: { name, arguments: given } }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(given) },
      })),
    }),
  }
}
