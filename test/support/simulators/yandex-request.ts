import * as z from 'zod'
import type { CompletionRequest, RequestMessage } from './openai-request.ts'
import { invalid } from './yandex-error.ts'

const call = z.object({
  functionCall: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
})

const result = z.object({ functionResult: z.object({ name: z.string(), content: z.string() }) })

const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  text: z.string().optional(),
  toolCallList: z.strictObject({ toolCalls: z.array(call).min(1) }).optional(),
  toolResultList: z.strictObject({ toolResults: z.array(result).min(1) }).optional(),
})

const tool = z.strictObject({
  function: z.strictObject({
    name: z.string(),
    description: z.string().optional(),
    parameters: z.unknown(),
    strict: z.boolean().optional(),
  }),
})

const nativeRequest = z.strictObject({
  modelUri: z.string(),
  completionOptions: z.strictObject({
    stream: z.boolean().optional(),
    temperature: z.number().min(0).max(1).optional(),
    maxTokens: z.coerce.number().int().min(1).optional(),
    reasoningOptions: z.strictObject({ mode: z.enum(['DISABLED', 'ENABLED_HIDDEN']) }).optional(),
  }),
  messages: z.array(message).min(1),
  tools: z.array(tool).optional(),
  toolChoice: z
    .union([
      z.strictObject({ mode: z.enum(['NONE', 'AUTO', 'REQUIRED']) }),
      z.strictObject({ functionName: z.string() }),
    ])
    .optional(),
  parallelToolCalls: z.boolean().optional(),
  jsonObject: z.boolean().optional(),
  jsonSchema: z.strictObject({ schema: z.unknown() }).optional(),
})

type NativeRequest = z.infer<typeof nativeRequest>
type NativeMessage = NativeRequest['messages'][number]

/** A request of the native API, in the words in which the simulators make answers. */
export function parseNativeRequest(body: unknown): CompletionRequest {
  const parsed = nativeRequest.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
  }
  const request = parsed.data
  if (request.jsonObject && request.jsonSchema) throw invalid('json_object excludes json_schema')
  checkMessages(request.messages)
  const { completionOptions: options } = request
  return {
    model: request.modelUri,
    messages: request.messages.flatMap(plainMessages),
    stream: options.stream ?? false,
    max_tokens: options.maxTokens,
    tools: request.tools?.map((each) => ({ type: 'function', ...each })),
    tool_choice: choiceOf(request.toolChoice),
    parallel_tool_calls: request.parallelToolCalls,
    response_format: formatOf(request),
    reasoning_effort: options.reasoningOptions?.mode === 'ENABLED_HIDDEN' ? 'low' : 'none',
  }
}

/** A message has one kind of content, and a result answers a call of the turn before it. */
function checkMessages(messages: NativeMessage[]): void {
  for (const [index, each] of messages.entries()) {
    const contents = [each.text, each.toolCallList, each.toolResultList]
    if (contents.filter((content) => content !== undefined).length !== 1) {
      throw invalid(`messages[${index}] must have exactly one content`)
    }
    if (each.text === '') throw invalid('empty message text')
    if (!each.toolResultList) continue
    const called = (messages[index - 1]?.toolCallList?.toolCalls ?? []).map(nameOfCall)
    const answered = each.toolResultList.toolResults.map((one) => one.functionResult.name)
    if (called.join() !== answered.join()) {
      throw invalid(`results of ${answered.join()} do not match the calls of ${called.join()}`)
    }
  }
}

function nameOfCall({ functionCall }: z.infer<typeof call>): string {
  return functionCall.name
}

function plainMessages({ role, text, toolCallList, toolResultList }: NativeMessage) {
  if (toolResultList) {
    return toolResultList.toolResults.map(({ functionResult }): RequestMessage => ({
      role: 'tool',
      content: functionResult.content,
    }))
  }
  const calls = toolCallList?.toolCalls.map(({ functionCall: { name, arguments: given } }) => ({
    id: name,
    type: 'function',
    function: { name, arguments: JSON.stringify(given) },
  }))
  return [{ role, content: text, tool_calls: calls }]
}

function choiceOf(choice: NativeRequest['toolChoice']): CompletionRequest['tool_choice'] {
  if (!choice) return undefined
  if ('functionName' in choice) {
    return { type: 'function', function: { name: choice.functionName } }
  }
  return ({ NONE: 'none', AUTO: 'auto', REQUIRED: 'required' } as const)[choice.mode]
}

function formatOf(request: NativeRequest): CompletionRequest['response_format'] {
  if (request.jsonObject) return { type: 'json_object' }
  if (!request.jsonSchema) return undefined
  return { type: 'json_schema', json_schema: { name: 'schema', ...request.jsonSchema } }
}
