import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { closeSchema } from './close-schema.ts'
import { anthropicMessages } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import { encodeThinking } from './encode-thinking.ts'
import { encodeTools, encodeToolChoice } from './encode-tool.ts'
import { type ModelTraits, traitsOf } from './model-traits.ts'
import { unsupported } from './unsupported.ts'
import { set } from './wire.ts'

export interface EncodeOptions {
  model: string
  /** The most that the model writes; the wire wants a limit always. */
  maxOutputTokens?: number | undefined
}

/** Where neither the client nor the catalogue names a limit. */
const maxTokensDefault = 8192

/** The body of a request for a message. */
export function encodeMessageRequest(request: ChatRequest, options: EncodeOptions): Extra {
  const { model } = options
  const traits = traitsOf(model)
  const own = request.passthrough?.dialect === anthropicMessages
  const { system, turns } = encodeMessages(request.messages, { own, traits })
  const maxTokens = request.maxTokens ?? options.maxOutputTokens ?? maxTokensDefault
  const { thinking, effort } = encodeThinking(request, traits, maxTokens)
  const body: Extra = { model, max_tokens: maxTokens }
  const instructions = request.responseFormat?.type === 'json_object' ? [jsonOnly] : []
  if (system.length + instructions.length > 0) body['system'] = [...system, ...instructions]
  body['messages'] = turns
  if (request.stream) body['stream'] = true
  const stop = request.stop?.filter((sequence) => sequence.trim() !== '')
  set(body, 'stop_sequences', stop?.length === 0 ? undefined : stop)
  const isThinking = thinking !== undefined && thinking['type'] !== 'disabled'
  setSampling(body, request, { traits, thinking: isThinking, own })
  set(body, 'tools', encodeTools(request, { own, traits }))
  set(body, 'tool_choice', encodeToolChoice(request, own))
  set(body, 'thinking', thinking)
  setFormat(body, request, { effort, own })
  if (own) addPassthrough(body, request)
  set(body, 'metadata', metadata(body, request))
  return body
}

const jsonOnly: Extra = {
  type: 'text',
  text: 'Answer with one JSON object and nothing else: no explanation, no code fence.',
}

interface Circumstances {
  traits: ModelTraits
  thinking: boolean
  own: boolean
}

/** Newer models refuse to be tuned, and thinking ones are not tuned either. */
function setSampling(
  body: Extra,
  request: ChatRequest,
  { traits, thinking, own }: Circumstances,
): void {
  if (!traits.sampling) return
  const { temperature, topP, topK } = request
  if (own) {
    set(body, 'temperature', temperature)
    set(body, 'top_p', topP)
    set(body, 'top_k', topK)
    return
  }
  if (thinking) return
  set(body, 'temperature', temperature && Math.min(temperature, 1))
  if (temperature === undefined || traits.samplingTogether) set(body, 'top_p', topP)
  set(body, 'top_k', topK)
}

function setFormat(
  body: Extra,
  { responseFormat, passthrough }: ChatRequest,
  { effort, own }: { effort: string | undefined; own: boolean },
): void {
  const config: Extra = {}
  set(config, 'effort', effort)
  if (responseFormat?.type === 'native') {
    if (!own) throw unsupported('response_format', 'it does not know this form')
    config['format'] = responseFormat.definition
  }
  if (responseFormat?.type === 'json_schema') {
    const given = responseFormat.schema ?? { type: 'object' }
    const format = { type: 'json_schema', schema: own ? given : closeSchema(given).schema }
    if (own && passthrough?.spellings?.['responseFormat'] === 'output_format') {
      body['output_format'] = format
    } else config['format'] = format
  }
  if (Object.keys(config).length > 0) body['output_config'] = config
}

/** Of an object of which a part is read here, the other members are the client's own. */
function addPassthrough(body: Extra, { passthrough }: ChatRequest): void {
  for (const [member, value] of Object.entries(passthrough?.members ?? {})) {
    const encoded = body[member]
    body[member] = isRecord(encoded) && isRecord(value) ? { ...value, ...encoded } : value
  }
}

function metadata(body: Extra, { endUserId }: ChatRequest): unknown {
  const given = body['metadata']
  if (endUserId === undefined) return given
  return { ...(isRecord(given) && given), user_id: endUserId }
}
