import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { gigachatV2 } from './dialect.ts'
import { encodeMessages } from './encode-messages.ts'
import {
  encodeFunction,
  encodeFunctionChoice,
  encodeSampling,
  functionPath,
  set,
} from './encode-request.ts'
import { encodeNativeTool, nativeName } from './v2-native-tools.ts'
import { type ResultRole, toV2Turns } from './v2-turns.ts'

/** The most alternatives to a token that the service tells. */
export const topLogprobsMax = 5

/** The body of a completion request of API v2. */
export function encodeGigachatV2Request(
  request: ChatRequest,
  { model, resultRole }: { model: string; resultRole: ResultRole },
): Extra {
  const turns = encodeMessages(request.messages, gigachatV2)
  const body: Extra = { model, messages: toV2Turns(turns, resultRole) }
  const options = encodeOptions(request)
  if (Object.keys(options).length > 0) body['model_options'] = options
  const tools = encodeTools(request)
  if (tools.length > 0) Object.assign(body, { tools, tool_config: encodeToolConfig(request) })
  if (request.stream) body['stream'] = true
  return body
}

/** Beside this member the service reads none of them. */
function encodeOptions(request: ChatRequest): Extra {
  const options = encodeSampling(request)
  const { reasoningEffort: effort, logprobs, topLogprobs = 1 } = request
  set(options, 'reasoning', effort && { effort: efforts.get(effort) ?? effort })
  if (logprobs) options['top_logprobs'] = Math.min(Math.max(topLogprobs, 1), topLogprobsMax)
  return options
}

/** Words of others for an effort; the service's own go as they are. */
const efforts: ReadonlyMap<string, string> = new Map([
  ['none', 'off'],
  ['minimal', 'low'],
  ['xhigh', 'high'],
  ['max', 'high'],
])

/** All functions are one tool, and each of the service's own is another. */
function encodeTools({ tools = [] }: ChatRequest): Extra[] {
  const specifications: Extra[] = []
  const natives: Extra[] = []
  for (const [index, tool] of tools.entries()) {
    if (tool.kind === 'native') natives.push(encodeNativeTool(tool, `tools[${index}]`))
    else specifications.push(encodeFunction(tool, functionPath(index)))
  }
  return [...(specifications.length > 0 ? [{ functions: { specifications } }] : []), ...natives]
}

function encodeToolConfig(request: ChatRequest): Extra {
  const [only, ...others] = request.tools ?? []
  if (request.toolChoice?.mode === 'required' && only?.kind === 'native' && others.length === 0) {
    return { mode: 'forced', tool_name: nativeName(only) }
  }
  const choice = encodeFunctionChoice(request)
  if (typeof choice === 'string') return { mode: choice }
  return { mode: 'forced', function_name: choice.name }
}
