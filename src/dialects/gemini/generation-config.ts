import type { ChatRequest, ContentPart, Extra, ResponseFormat } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { modelTraits } from './model-traits.ts'
import { thinkingConfig } from './thinking-config.ts'
import { unsupported } from './unsupported.ts'

/** The settings of an answer; undefined when the request has none. */
export function generationConfig(request: ChatRequest, model: string): Extra | undefined {
  const config: Extra = {}
  const set = (member: string, value: unknown): void => {
    if (value !== undefined) config[member] = value
  }
  set('temperature', request.temperature)
  set('topP', request.topP)
  set('topK', request.topK)
  set('maxOutputTokens', request.maxTokens)
  set('stopSequences', request.stop)
  set('seed', request.seed)
  set('candidateCount', request.choices)
  set('presencePenalty', request.presencePenalty)
  set('frequencyPenalty', request.frequencyPenalty)
  set('responseLogprobs', request.logprobs)
  if (request.logprobs) set('logprobs', request.topLogprobs || undefined)
  set('thinkingConfig', thinkingConfig(request, model))
  set('mediaResolution', mediaResolution(request))
  Object.assign(config, formatOf(request, model))
  return Object.keys(config).length > 0 ? config : undefined
}

/** The details that a request asks of its images: the wire has one for all of its media. */
export function imageDetails({ messages }: ChatRequest): Set<string> {
  const parts: ContentPart[] = messages.flatMap((message) => message.parts)
  return new Set(
    parts.flatMap((part) => (part.type === 'image' && part.detail ? [part.detail] : [])),
  )
}

function mediaResolution(request: ChatRequest): string | undefined {
  const details = imageDetails(request)
  if (details.has('high')) return 'MEDIA_RESOLUTION_HIGH'
  return details.has('low') && !details.has('auto') ? 'MEDIA_RESOLUTION_LOW' : undefined
}

function formatOf({ responseFormat: format, tools }: ChatRequest, model: string): Extra {
  if (format === undefined || format.type === 'text') return {}
  if (format.type === 'native') {
    throw unsupported('response_format', 'only its own dialect knows this form')
  }
  if (tools && tools.length > 0 && !modelTraits(model).mixesTools) {
    throw unsupported('response_format', 'this model answers in JSON only where it has no tools')
  }
  const schema = format.type === 'json_schema' ? schemaOf(format) : undefined
  return {
    responseMimeType: 'application/json',
    ...(schema !== undefined && { responseJsonSchema: schema }),
  }
}

/** What OpenAI says of a schema beside it stands in the schema here. */
function schemaOf(format: ResponseFormat & { type: 'json_schema' }): unknown {
  const { schema, description } = format
  if (description === undefined || !isRecord(schema)) return schema
  return { description, ...schema }
}
