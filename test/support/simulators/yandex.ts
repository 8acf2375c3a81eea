import { randomUUID } from 'node:crypto'
import { answer, type Completion } from './openai-answer.ts'
import { OpenaiError } from './openai-error.ts'
import { type CompletionRequest, parseRequest } from './openai-request.ts'
import { encodeFrame, terminator } from './openai-stream.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
  Voice,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'
import {
  errorFor,
  expiredKey,
  expiredToken,
  folderMismatch,
  invalid,
  tooManySessions,
  unknownKey,
  unknownModel,
  YandexError,
} from './yandex-error.ts'
import { embedCompatible, embedNative } from './yandex-embedding.ts'
import { listModels, type YandexModel, yandexModels } from './yandex-models.ts'
import { encodeLine, nativeBody, nativePieces, nativeVoice } from './yandex-native.ts'
import {
  compatibleBody,
  compatiblePieces,
  compatibleVoice,
  type CompatibleAnswer,
} from './yandex-openai.ts'
import { parseNativeRequest } from './yandex-request.ts'

export interface YandexOptions extends Omit<SimulatorOptions, 'basePath'> {
  api?: 'native' | 'openai'
  /** The only folder there is. */
  folder?: string
  models?: YandexModel[]
  /** How many answers may be under way at once. */
  sessions?: number
}

/** The credentials of the simulated service. */
export const yandexCredentials = {
  apiKey: 'AQVN-simulated',
  expiredApiKey: 'AQVN-expired',
  iamToken: 't1.simulated',
  expiredIamToken: 't1.expired',
  folder: 'b1gsimulated',
}

/** One of the two completion APIs of Yandex AI Studio, from its fact sheet and recorded traffic. */
export function startYandexSimulator(options: YandexOptions = {}): Promise<Simulator> {
  const basePath = options.api === 'openai' ? '/v1' : '/foundationModels/v1'
  return startSimulator(yandex(options), { ...options, basePath })
}

interface Service {
  api: 'native' | 'openai'
  completionsPath: string
  embeddingsPath: string
  folder: string
  models: YandexModel[]
  sessions: number
  /** Answers under way. */
  running: number
}

function yandex(options: YandexOptions): SimulatedProvider {
  const { api = 'native' } = options
  const service: Service = {
    api,
    completionsPath: api === 'native' ? '/foundationModels/v1/completion' : '/v1/chat/completions',
    embeddingsPath: api === 'native' ? '/foundationModels/v1/textEmbedding' : '/v1/embeddings',
    folder: options.folder ?? yandexCredentials.folder,
    models: options.models ?? yandexModels,
    sessions: options.sessions ?? 10,
    running: 0,
  }
  const native = api === 'native'
  return {
    takesScript: ({ method, path }) =>
      method === 'POST' && [service.completionsPath, service.embeddingsPath].includes(path),
    reply: (request) => replyTo(service, request),
    headers: jsonHeaders,
    streamHeaders: native ? nativeStreamHeaders : sseHeaders,
    encodeJson: (body) => JSON.stringify(body),
    encodeFrame: native ? encodeLine : encodeFrame,
    terminator: native ? '' : terminator,
    errorBody: (status) => errorFor(status).body(api),
    voice: (request) => voiceFor(service, request),
  }
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkCredential(service, request)
    if (request.method === 'GET' && service.api === 'openai' && request.path === '/v1/models') {
      const body = JSON.stringify(listModels(service.models, service.folder))
      return jsonReply(200, `${body}\n`)
    }
    if (request.method === 'POST' && request.path === service.embeddingsPath) {
      const embed = service.api === 'native' ? embedNative : embedCompatible
      const { body, entry } = embed(request.body, service.folder)
      return { ...jsonReply(200, JSON.stringify(body)), entry }
    }
    if (request.method !== 'POST' || request.path !== service.completionsPath) {
      throw new YandexError(404, 5, 'Not Found')
    }
    return completionReply(service, request)
  } catch (error) {
    if (!(error instanceof YandexError)) throw error
    return jsonReply(error.status, JSON.stringify(error.body(service.api)))
  }
}

function checkCredential({ api, folder }: Service, { headers }: RecordedRequest): void {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ')
  const { apiKey, expiredApiKey, iamToken, expiredIamToken } = yandexCredentials
  if (value === expiredIamToken) throw expiredToken()
  if (value === expiredApiKey) throw expiredKey()
  const bearers = api === 'openai' ? [iamToken, apiKey] : [iamToken]
  const accepted = scheme === 'Api-Key' ? [apiKey] : scheme === 'Bearer' ? bearers : []
  if (!accepted.includes(value)) throw unknownKey(value)
  const asked = headers[api === 'openai' ? 'openai-project' : 'x-folder-id']
  if (asked !== undefined && asked !== folder) throw folderMismatch(String(asked), folder)
}

function completionReply(service: Service, request: RecordedRequest): Reply {
  const { asked, answered, filtered } = complete(service, request)
  takeSession(service, request)
  const entry = entryOf(answered)
  const { completion } = answered
  const native = service.api === 'native'
  if (!asked.stream) {
    const raw = native ? nativeBody(completion, { filtered }) : compatibleBody(answered)
    const reply = jsonReply(200, raw)
    const tokens = completion.tokens.visible
    return { ...reply, headers: jsonHeaders(), pieces: [{ raw, tokens }], entry }
  }
  return {
    status: 200,
    headers: native ? nativeStreamHeaders() : sseHeaders(),
    stream: true,
    pieces: native ? nativePieces(completion, { filtered }) : compatiblePieces(answered),
    entry,
  }
}

function voiceFor(service: Service, request: RecordedRequest): Voice {
  const { answered } = complete(service, request)
  takeSession(service, request)
  const entry = entryOf(answered)
  return service.api === 'native'
    ? nativeVoice(answered.completion, entry)
    : compatibleVoice(answered, entry)
}

/** The gauge quota counts answers that are under way. */
function takeSession(service: Service, request: RecordedRequest): void {
  if (service.running >= service.sessions) throw tooManySessions(service.sessions)
  service.running += 1
  void request.closed.then(() => (service.running -= 1))
}

interface Completed {
  asked: CompletionRequest
  answered: CompatibleAnswer
  /** Whether the words "filter this" wake the content filter. */
  filtered: boolean
}

function complete(service: Service, request: RecordedRequest): Completed {
  const native = service.api === 'native'
  const asked = native ? parseNativeRequest(request.body) : parseCompatible(request)
  const model = findModel(service, asked.model)
  const completion = answer(asked, { model, cachedTokens: () => 0 })
  const filtered = /filter this/i.test(JSON.stringify(asked.messages))
  if (filtered && !native) cutByFilter(completion)
  return { asked, answered: { completion, open: model.open, uri: asked.model }, filtered }
}

/** The compatible API replaces nothing: the answer just ends. */
function cutByFilter({ choices, tokens }: Completion): void {
  for (const choice of choices) {
    choice.tokens = choice.tokens.slice(0, 2)
    choice.finish = 'content_filter'
    tokens.visible = choice.tokens.length
  }
}

function findModel({ api, models, folder }: Service, uri: string): YandexModel {
  const [, askedFolder, path] = /^gpt:\/\/([^/]+)\/(.+)$/.exec(uri) ?? []
  if (askedFolder === undefined)
    throw api === 'native' ? invalid('invalid model_uri') : unknownModel(api)
  if (askedFolder !== folder) throw folderMismatch(askedFolder, folder)
  const model = models.find(({ id, open }) => id === path && !(open && api === 'native'))
  if (!model) throw unknownModel(api)
  return model
}

/** What is documented as not supported means nothing, nor does the switch for parallel calls. */
const heeded = [
  'model',
  'messages',
  'stream',
  'tools',
  'tool_choice',
  'response_format',
  'reasoning_effort',
]
const limits = ['max_tokens', 'max_completion_tokens', 'temperature']

function parseCompatible({ rawBody, body }: RecordedRequest): CompletionRequest {
  const members = Object.entries(Object(body)).filter(([name]) =>
    [...heeded, ...limits].includes(name),
  )
  try {
    return parseRequest(rawBody, Object.fromEntries(members))
  } catch (error) {
    if (error instanceof OpenaiError) throw invalid(error.message)
    throw error
  }
}

function entryOf({ completion }: CompatibleAnswer): InvoiceEntry {
  const { id, model, tokens } = completion
  return {
    id,
    model: model.id,
    promptTokens: tokens.prompt,
    cachedTokens: 0,
    completionTokens: tokens.reasoning,
    reasoningTokens: tokens.reasoning,
    completed: false,
  }
}

function jsonReply(status: number, raw: string): Reply {
  return { status, headers: jsonHeaders(), stream: false, pieces: [{ raw, tokens: 0 }] }
}

function jsonHeaders(): HeaderBag {
  const trace = randomUUID().slice(0, 8)
  return {
    'content-type': 'application/json',
    server: 'ycalb',
    'x-request-id': randomUUID(),
    'x-server-trace-id': `${trace}:${trace}:${trace}:1`,
  }
}

function nativeStreamHeaders(): HeaderBag {
  return jsonHeaders()
}

function sseHeaders(): HeaderBag {
  return { ...jsonHeaders(), 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
}
