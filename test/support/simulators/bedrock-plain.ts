import type { ConverseBlock, ConverseRequest } from './bedrock-request.ts'
import type { CompletionRequest, RequestMessage } from './openai-request.ts'

/** A request of the service in the words in which the simulators make answers. */
export function plainRequest(request: ConverseRequest, model: string): CompletionRequest {
  const { messages, system = [], inferenceConfig: config = {}, toolConfig } = request
  const format = request.outputConfig?.textFormat.structure.jsonSchema
  return {
    model,
    messages: [
      ...(system.length > 0 ? [{ role: 'system', content: textOf(system) }] : []),
      ...messages.flatMap(plainMessages),
    ],
    max_tokens: config.maxTokens,
    stop: config.stopSequences,
    reasoning_effort: isThinking(request) ? 'low' : undefined,
    tools: toolConfig?.tools.flatMap((tool) =>
      'toolSpec' in tool
        ? [
            {
              type: 'function',
              function: { name: tool.toolSpec.name, parameters: tool.toolSpec.inputSchema.json },
            },
          ]
        : [],
    ),
    tool_choice: choiceOf(toolConfig?.toolChoice),
    parallel_tool_calls: callsAtOnce(request),
    response_format: format && {
      type: 'json_schema',
      json_schema: { name: format.name ?? 'schema', schema: JSON.parse(format.schema) },
    },
  }
}

export function isThinking({
  additionalModelRequestFields: fields = {},
}: ConverseRequest): boolean {
  return ['thinking', 'reasoning_effort', 'reasoningConfig'].some((name) => name in fields)
}

function callsAtOnce({ additionalModelRequestFields: fields = {} }: ConverseRequest): boolean {
  return !JSON.stringify(fields['tool_choice'] ?? {}).includes('"disable_parallel_tool_use":true')
}

function textOf(blocks: readonly ConverseBlock[]): string {
  return blocks.map(({ text = '' }) => text).join('')
}

function plainMessages({ role, content }: ConverseRequest['messages'][number]): RequestMessage[] {
  const results = content.flatMap(({ toolResult }) => toolResult ?? [])
  const said = content.filter(({ toolResult }) => !toolResult)
  const calls = content.flatMap(({ toolUse }) => toolUse ?? [])
  const files = content.filter(({ image, document, audio }) => image ?? document ?? audio)
  return [
    ...results.map((result) => ({
      role: 'tool',
      tool_call_id: result.toolUseId,
      content: result.content.map(({ text = '', json }) => text || JSON.stringify(json)).join(''),
    })),
    ...(said.length === 0
      ? []
      : [
          {
            role,
            content: [
              { type: 'text', text: textOf(said) },
              ...files.map(() => ({ type: 'image_url', image_url: { url: '', detail: 'low' } })),
            ],
            ...(calls.length > 0 && {
              tool_calls: calls.map(({ toolUseId, name, input }) => ({
                id: toolUseId,
                type: 'function',
                function: { name, arguments: JSON.stringify(input) },
              })),
            }),
          },
        ]),
  ]
}

type Choice = NonNullable<ConverseRequest['toolConfig']>['toolChoice']

function choiceOf(choice: Choice): CompletionRequest['tool_choice'] {
  if (!choice || 'auto' in choice) return 'auto'
  if ('any' in choice) return 'required'
  return { type: 'function', function: { name: choice.tool.name } }
}
