import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { closeSchema } from '../anthropic-messages/close-schema.ts'
import { additionalFields } from './additional-fields.ts'
import { bedrockConverse } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeToolConfig } from './encode-tools.ts'
import { type ModelTraits, modelTraits } from './model-traits.ts'
import { thinks } from './reasoning.ts'
import { unsupported } from './unsupported.ts'

/** What an operator sets for all requests of a provider. */
export interface ConverseOptions {
  guardrail?: { id: string; version: string } | undefined
}

/** The body of a request; the model stands in the path. */
export function encodeConverseRequest(
  request: ChatRequest,
  model: string,
  { guardrail }: ConverseOptions = {},
): Extra {
  const traits = modelTraits(model)
  const toolConfig = encodeToolConfig(request)
  const { messages, system } = encodeMessages(request.messages, {
    family: traits.family,
    tools: toolConfig !== undefined,
  })
  const additional = additionalFields(request, model)
  const inferenceConfig = encodeInference(request, model)
  const outputConfig = encodeFormat(request.responseFormat, traits)
  const { passthrough } = request
  return {
    ...(passthrough?.dialect === bedrockConverse && passthrough.members),
    messages,
    ...(system.length > 0 && { system }),
    ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
    ...(toolConfig && { toolConfig }),
    ...(outputConfig && { outputConfig }),
    ...(Object.keys(additional).length > 0 && { additionalModelRequestFields: additional }),
    // The answer's own field does not tell which of them it was.
    ...(request.stop &&
      traits.family === 'claude' && { additionalModelResponseFieldPaths: ['/stop_sequence'] }),
    ...(guardrail && { guardrailConfig: encodeGuardrail(guardrail) }),
  }
}

function encodeInference(request: ChatRequest, model: string): Extra {
  const { maxTokens, temperature, topP, stop } = request
  const config: Extra = {}
  if (maxTokens !== undefined) config['maxTokens'] = maxTokens
  const { sampling, samplingTogether } = modelTraits(model)
  // Claude takes neither beside its thinking.
  const samples = sampling && !thinks(request, model)
  if (temperature !== undefined && samples) config['temperature'] = Math.min(temperature, 1)
  const beside = samplingTogether || temperature === undefined
  if (topP !== undefined && samples && beside) config['topP'] = topP
  if (stop && stop.length > 0) config['stopSequences'] = stop
  return config
}

/** The schema is a string of JSON there. */
function encodeFormat(
  format: ChatRequest['responseFormat'],
  { closedSchemas }: ModelTraits,
): Extra | undefined {
  switch (format?.type) {
    case undefined:
    case 'text':
      return undefined
    case 'json_schema': {
      const { name, description, schema = { type: 'object' } } = format
      const jsonSchema = {
        schema: JSON.stringify(closedSchemas ? closeSchema(schema).schema : schema),
        name,
        ...(description !== undefined && { description }),
      }
      return { textFormat: { type: 'json_schema', structure: { jsonSchema } } }
    }
    case 'json_object':
    case 'native':
      throw unsupported('response_format', 'it holds answers to schemas only')
    default:
      return format satisfies never
  }
}

function encodeGuardrail({ id, version }: NonNullable<ConverseOptions['guardrail']>): Extra {
  return { guardrailIdentifier: id, guardrailVersion: version, trace: 'enabled' }
}
