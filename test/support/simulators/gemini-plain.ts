import type { GeminiPart, GeminiRequest } from './gemini-request.ts'
import type { CompletionRequest, RequestMessage } from './openai-request.ts'

/** A request of the service in the words in which the simulators make answers. */
export function plainRequest(request: GeminiRequest, model: string): CompletionRequest {
  const { systemInstruction: system, contents, generationConfig: config = {} } = request
  const declared = (request.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? [])
  return {
    model,
    messages: [
      ...(system ? [{ role: 'system', content: textOf(system.parts) }] : []),
      ...contents.flatMap(plainMessages),
    ],
    max_tokens: config.maxOutputTokens,
    n: config.candidateCount,
    stop: config.stopSequences,
    logprobs: config.responseLogprobs,
    top_logprobs: config.logprobs,
    reasoning_effort: effortOf(config.thinkingConfig),
    tools: declared.map(({ name, parametersJsonSchema: parameters }) => ({
      type: 'function',
      function: { name, parameters },
    })),
    tool_choice: choiceOf(request.toolConfig?.functionCallingConfig),
    response_format: formatOf(config),
  }
}

function textOf(parts: readonly GeminiPart[]): string {
  return parts.map(({ text = '', thought }) => (thought ? '' : text)).join('')
}

function plainMessages({ role, parts }: GeminiRequest['contents'][number]): RequestMessage[] {
  const results = parts.flatMap(({ functionResponse: result }) => result ?? [])
  if (results.length > 0) {
    return results.map(({ response, parts: files = [] }) => {
      const said =
        typeof response['result'] === 'string' ? response['result'] : JSON.stringify(response)
      const content = files.length > 0 ? `${said} with ${files.length} file` : said
      return { role: 'tool', content }
    })
  }
  const calls = parts.flatMap(({ functionCall: call }) => call ?? [])
  const media = parts.filter(({ inlineData, fileData }) => inlineData ?? fileData)
  return [
    {
      role: role === 'model' ? 'assistant' : 'user',
      content: [
        { type: 'text', text: textOf(parts) },
        ...media.map(() => ({ type: 'image_url', image_url: { url: '', detail: 'low' } })),
      ],
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id = '', name, args }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(args ?? {}) },
        })),
      }),
    },
  ]
}

type Config = NonNullable<GeminiRequest['generationConfig']>

function effortOf(thinking: Config['thinkingConfig']): CompletionRequest['reasoning_effort'] {
  const { thinkingBudget: budget, thinkingLevel: level } = thinking ?? {}
  if (level)
    return ({ MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' } as const)[level]
  if (budget === undefined || budget < 0) return undefined
  if (budget === 0) return 'none'
  return budget <= 1_024 ? 'low' : budget <= 8_192 ? 'medium' : 'high'
}

function choiceOf(
  calling: NonNullable<GeminiRequest['toolConfig']>['functionCallingConfig'],
): CompletionRequest['tool_choice'] {
  const [name] = calling?.allowedFunctionNames ?? []
  switch (calling?.mode) {
    case 'NONE':
      return 'none'
    case 'ANY':
      return name === undefined ? 'required' : { type: 'function', function: { name } }
    default:
      return 'auto'
  }
}

function formatOf(config: Config): CompletionRequest['response_format'] {
  if (config.responseMimeType !== 'application/json') return undefined
  const { responseJsonSchema: schema } = config
  if (schema === undefined) return { type: 'json_object' }
  return { type: 'json_schema', json_schema: { name: 'schema', schema } }
}
