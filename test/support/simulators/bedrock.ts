import { randomUUID } from 'node:crypto'
import { checkAccess } from './bedrock-auth.ts'
import { BedrockError, errorFor, tooLong, unknownModel } from './bedrock-error.ts'
import { isThinking, plainRequest } from './bedrock-plain.ts'
import { type ConverseRequest, parseConverse } from './bedrock-request.ts'
import {
  answerBody,
  answerPieces,
  answerVoice,
  type BedrockAnswer,
  encodeFrame,
} from './bedrock-wire.ts'
import { alphanumeric } from './identifiers.ts'
import { answer } from './openai-answer.ts'
import type { OpenaiModel } from './openai-models.ts'
import { thoughts } from './openai-thoughts.ts'
import { prefixCache } from './prefix-cache.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export interface BedrockOptions extends Omit<SimulatorOptions, 'basePath'> {
  /** Reports so many cached tokens for every prompt that is longer; otherwise it keeps a cache. */
  cachedTokens?: number
}

/** AWS Bedrock's Converse with signatures, binary frames and its lists of models. */
export function startBedrockSimulator(options: BedrockOptions = {}): Promise<Simulator> {
  return startSimulator(bedrock(options), options)
}

/** `claude` thinks and signs it, `nova` does not; the third is called by profile alone. */
const modelIds = [
  'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'anthropic.claude-3-haiku-20240307-v1:0',
  'global.anthropic.claude-opus-5',
  'amazon.nova-lite-v1:0',
  'openai.gpt-oss-20b-1:0',
]

const completionPath = /^\/model\/([^/]+)\/(converse|converse-stream)$/
const promptTokensMax = 20_000

interface Service {
  cachedTokens: (prompt: string[]) => number
  /** Every signature that was given out. */
  issued: Set<string>
}

function bedrock(options: BedrockOptions): SimulatedProvider {
  const service: Service = {
    cachedTokens: prefixCache(options.cachedTokens),
    issued: new Set(),
  }
  return {
    takesScript: ({ method, path }) => method === 'POST' && completionPath.test(path),
    reply: (request) => replyTo(service, request),
    headers: () => headersOf('application/json'),
    streamHeaders: () => headersOf('application/vnd.amazon.eventstream'),
    encodeJson,
    encodeFrame,
    encoding: 'latin1',
    terminator: '',
    errorBody: (status) => errorFor(status).body(),
    voice: (request) => {
      const { made } = answerTo(service, request)
      made.completion.tokens.visible = 0
      return answerVoice(made, entryOf(made))
    },
  }
}

/** Bytes are written one letter each, so letters beyond are escaped. */
function encodeJson(body: unknown): string {
  return JSON.stringify(body).replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function headersOf(contentType: string): HeaderBag {
  return { 'content-type': contentType, 'x-amzn-requestid': randomUUID() }
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkAccess(request)
    return route(service, request)
  } catch (error) {
    if (!(error instanceof BedrockError)) throw error
    const headers = {
      ...headersOf('application/json'),
      'x-amzn-errortype': `${error.type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
    }
    return { ...jsonReply(error.body()), status: error.status, headers }
  }
}

function route(service: Service, request: RecordedRequest): Reply {
  const { method, path } = request
  if (method === 'POST' && completionPath.test(path)) return completionReply(service, request)
  if (method === 'GET' && path === '/foundation-models') {
    return jsonReply({ modelSummaries: modelIds.map(summaryOf) })
  }
  if (method === 'GET' && path.startsWith('/inference-profiles')) return jsonReply(profilesOf(path))
  throw new BedrockError(404, 'UnknownOperationException', '')
}

function summaryOf(modelId: string): object {
  const byProfile = /^(us|global)\./.test(modelId)
  return {
    modelId: modelId.replace(/^(us|global)\./, ''),
    inputModalities: ['TEXT', 'IMAGE'],
    outputModalities: ['TEXT'],
    responseStreamingSupported: true,
    inferenceTypesSupported: [byProfile ? 'INFERENCE_PROFILE' : 'ON_DEMAND'],
    modelLifecycle: { status: 'ACTIVE' },
  }
}

/** One on each page. */
function profilesOf(path: string): object {
  const profiles = modelIds.filter((id) => /^(us|global)\./.test(id))
  const at = Number(new URL(path, 'http://localhost').searchParams.get('nextToken') ?? 0)
  return {
    inferenceProfileSummaries: [{ inferenceProfileId: profiles[at], status: 'ACTIVE' }],
    ...(at + 1 < profiles.length && { nextToken: String(at + 1) }),
  }
}

function completionReply(service: Service, request: RecordedRequest): Reply {
  const { made, stream } = answerTo(service, request)
  const entry = entryOf(made)
  if (!stream) return { ...jsonReply(answerBody(made), made.completion.tokens.visible), entry }
  const headers = headersOf('application/vnd.amazon.eventstream')
  return { status: 200, headers, stream: true, pieces: answerPieces(made), entry }
}

function answerTo(
  service: Service,
  { path, body }: RecordedRequest,
): { made: BedrockAnswer; stream: boolean } {
  const [, name = '', operation] = completionPath.exec(path) ?? []
  const id = decodeURIComponent(name)
  if (!modelIds.includes(id)) throw unknownModel
  const asked = parseConverse(body)
  checkSignatures(service, asked)
  const thinks = isThinking(asked)
  const completion = answer(plainRequest(asked, id), {
    model: modelOf(id),
    cachedTokens: service.cachedTokens,
  })
  if (completion.tokens.prompt > promptTokensMax) throw tooLong
  completion.choices = completion.choices.map((choice) => ({
    ...choice,
    calls: choice.calls.map((call) => ({ ...call, id: `tooluse_${alphanumeric(22)}` })),
  }))
  const made = {
    completion,
    thought: thinks ? { text: thoughts, signature: issue(service) } : undefined,
    ...guarded(asked),
  }
  return { made, stream: operation === 'converse-stream' }
}

/** Thoughts go back only as they were signed. */
function checkSignatures({ issued }: Service, { messages }: ConverseRequest): void {
  for (const { content } of messages) {
    for (const { reasoningContent } of content) {
      const text = reasoningContent?.reasoningText
      if (text && !issued.has(text.signature)) {
        throw new BedrockError(
          400,
          'ValidationException',
          'Invalid `signature` in `thinking` block',
        )
      }
    }
  }
}

function issue({ issued }: Service): string {
  const signature = Buffer.from(alphanumeric(30)).toString('base64')
  issued.add(signature)
  return signature
}

/** A guardrail steps in where the prompt has its word. */
function guarded({ guardrailConfig, messages }: ConverseRequest) {
  const intervened = guardrailConfig !== undefined && /block this/i.test(JSON.stringify(messages))
  const trace = guardrailConfig && { guardrail: { inputAssessment: { intervened } } }
  return { intervened, trace }
}

function modelOf(id: string): OpenaiModel {
  const reasons = /claude-(sonnet|opus)|gpt-oss/.test(id)
  return {
    id,
    snapshot: id,
    created: 0,
    ownedBy: 'aws',
    kind: 'chat',
    ...(reasons && { effort: 'none' }),
    refusesStop: false,
    fingerprint: null,
  }
}

function entryOf({ completion: { id, model, tokens } }: BedrockAnswer): InvoiceEntry {
  return {
    id,
    model: model.id,
    promptTokens: tokens.prompt,
    cachedTokens: tokens.cached,
    completionTokens: tokens.reasoning,
    reasoningTokens: tokens.reasoning,
    completed: false,
  }
}

function jsonReply(body: object, tokens = 0): Reply {
  const raw = encodeJson(body)
  const headers = headersOf('application/json')
  return { status: 200, headers, stream: false, pieces: [{ raw, tokens }] }
}
