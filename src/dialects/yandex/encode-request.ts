import type { ChatRequest, ResponseFormat, Tool, ToolChoice } from '../../protocol/request.ts'
import { encodeMessages } from './encode-messages.ts'
import { unsupported } from './unsupported.ts'

type Members = Record<string, unknown>

/** The body of a completion request; `modelUri` is the service's full name of the model. */
export function encodeYandexRequest(request: ChatRequest, modelUri: string): Members {
  return {
    modelUri,
    completionOptions: encodeOptions(request),
    messages: encodeMessages(request.messages),
    ...(request.tools && { tools: request.tools.map(encodeTool) }),
    ...(request.toolChoice && { toolChoice: encodeToolChoice(request.toolChoice) }),
    ...(request.parallelToolCalls !== undefined && {
      parallelToolCalls: request.parallelToolCalls,
    }),
    ...(request.responseFormat && encodeFormat(request.responseFormat)),
  }
}

/** Higher temperatures are refused by the service. */
const temperatureMax = 1

function encodeOptions(request: ChatRequest): Members {
  const { stream, temperature, maxTokens, reasoningEffort } = request
  const options: Members = { stream }
  if (temperature !== undefined) options['temperature'] = Math.min(temperature, temperatureMax)
  if (maxTokens !== undefined) options['maxTokens'] = String(maxTokens)
  if (reasoningEffort !== undefined) {
    const mode = reasoningEffort === 'none' ? 'DISABLED' : 'ENABLED_HIDDEN'
    options['reasoningOptions'] = { mode }
  }
  return options
}

function encodeTool(tool: Tool, index: number): Members {
  if (tool.kind !== 'function') throw unsupported(`tools[${index}]`, 'it is no function')
  const { name, description, strict } = tool
  const parameters = tool.parameters ?? { type: 'object', properties: {} }
  return {
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters,
      ...(strict !== undefined && { strict }),
    },
  }
}

function encodeToolChoice(choice: ToolChoice): Members {
  switch (choice.mode) {
    case 'none':
      return { mode: 'NONE' }
    case 'auto':
      return { mode: 'AUTO' }
    case 'required':
      return { mode: 'REQUIRED' }
    case 'tool':
      return { functionName: choice.name }
    case 'native':
      throw unsupported('tool_choice', 'only its own dialect knows this form')
    default:
      return choice satisfies never
  }
}

function encodeFormat(format: ResponseFormat): Members {
  switch (format.type) {
    case 'text':
      return {}
    case 'json_object':
      return { jsonObject: true }
    case 'json_schema':
      return { jsonSchema: { schema: format.schema ?? {} } }
    case 'native':
      throw unsupported('response_format', 'only its own dialect knows this form')
    default:
      return format satisfies never
  }
}
