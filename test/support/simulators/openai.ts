import { randomInt } from 'node:crypto'
import { alphanumeric, hexadecimal } from './identifiers.ts'
import { embed } from './openai-embedding.ts'
import { answer, type Completion } from './openai-answer.ts'
import { completionBody } from './openai-body.ts'
import { errorFor, missingKey, OpenaiError, unknownUrl, wrongKey } from './openai-error.ts'
import {
  findModel,
  listModels,
  modelObject,
  type OpenaiModel,
  openaiModels,
} from './openai-models.ts'
import { type CompletionRequest, parseRequest } from './openai-request.ts'
import { endOf, outputItems, responseBody, responsesUsage } from './openai-responses-body.ts'
import { parseResponsesRequest } from './openai-responses-request.ts'
import { responsePieces, responseVoice } from './openai-responses-stream.ts'
import { completionPieces, encodeFrame, streamVoice, terminator } from './openai-stream.ts'
import { validate } from './openai-validate.ts'
import type { OpenaiVariant } from './openai-variant.ts'
import { prefixCache } from './prefix-cache.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  Piece,
  RecordedRequest,
  Reply,
  SimulatedProvider,
  Voice,
  VoiceCall,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export type OpenaiSimulator = Simulator

export interface OpenaiOptions extends Omit<SimulatorOptions, 'basePath'> {
  /** The only key it accepts. */
  apiKey?: string
  models?: OpenaiModel[]
  /** Reports so many cached tokens for every prompt that is longer; otherwise it keeps a cache. */
  cachedTokens?: number
  /** How a server that copied OpenAI differs from it. */
  variant?: OpenaiVariant
}

/** OpenAI's chat completions and models under `/v1`, faithful to its recorded traffic. */
export function startOpenaiSimulator(options: OpenaiOptions = {}): Promise<OpenaiSimulator> {
  return startSimulator(openai(options), {
    ...options,
    basePath: options.variant?.basePath ?? '/v1',
  })
}

const completionsPath = '/v1/chat/completions'
const embeddingsPath = '/v1/embeddings'
const responsesPath = '/v1/responses'
const answering = new Set([completionsPath, responsesPath, embeddingsPath])

function openai(options: OpenaiOptions): SimulatedProvider {
  const service: Service = {
    apiKey: options.apiKey ?? 'sk-simulated',
    models: options.models ?? openaiModels,
    cachedTokens: prefixCache(options.cachedTokens),
    variant: options.variant ?? {},
  }
  return {
    takesScript: ({ method, path }) =>
      method === 'POST' && answering.has(locate(service, path).path),
    reply: (request) => replyTo(service, request),
    headers: (request) => jsonHeaders(request),
    streamHeaders: (request) => streamHeaders(request),
    encodeJson,
    encodeFrame,
    terminator,
    errorBody: (status) => failureOf(service, errorFor(status)).body,
    voice: (request) =>
      pathname(request.path) === responsesPath
        ? responsesVoice(service, request)
        : voiceFor(service, request),
  }
}

interface Service {
  apiKey: string
  models: OpenaiModel[]
  cachedTokens: (prompt: string[]) => number
  variant: OpenaiVariant
}

/** OpenAI's path for a variant's. */
function locate({ variant }: Service, path: string): { path: string; model?: string } {
  return variant.locate?.(path) ?? { path: pathname(path) }
}

function failureOf({ variant }: Service, error: OpenaiError): { status: number; body: object } {
  return variant.failure?.(error) ?? { status: error.status, body: error.body() }
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkKey(service, request)
    return route(service, request)
  } catch (error) {
    if (error instanceof OpenaiError) return errorReply(service, request, error)
    throw error
  }
}

function checkKey({ apiKey, variant }: Service, { headers }: RecordedRequest): void {
  if (variant.checkKey) return variant.checkKey(headers)
  const key = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (key === undefined) throw missingKey()
  if (key !== apiKey) throw wrongKey(key)
}

function route(service: Service, request: RecordedRequest): Reply {
  const { path } = locate(service, request.path)
  if (request.method === 'POST' && path === completionsPath)
    return completionReply(service, request)
  if (request.method === 'POST' && path === embeddingsPath) {
    const { body, entry } = embed(request.body, service.models)
    return { ...jsonReply(request, body), entry }
  }
  if (request.method === 'POST' && path === responsesPath) return responsesReply(service, request)
  if (request.method === 'GET' && path === '/v1/models') {
    return jsonReply(request, service.variant.list?.(service.models) ?? listModels(service.models))
  }
  const name = /^\/v1\/models\/(.+)$/.exec(path)?.[1]
  if (request.method !== 'GET' || name === undefined) throw unknownUrl(request.method, path)
  const model = findModel(service.models, decodeURIComponent(name))
  if (model) return jsonReply(request, modelObject(model, decodeURIComponent(name)))
  const rest = { param: 'model', code: 'model_not_found' }
  throw new OpenaiError(404, `The model '${name}' does not exist`, rest)
}

function completionReply(service: Service, request: RecordedRequest): Reply {
  const { asked, completion } = complete(service, request)
  const entry = entryOf(completion)
  if (!asked.stream) {
    const own = completionBody(completion)
    const body = encodeJson(service.variant.body?.(own, completion) ?? own) + '\n'
    const pieces = [{ raw: body, tokens: completion.tokens.visible }]
    return { status: 200, headers: jsonHeaders(request), stream: false, pieces, entry }
  }
  const own = completionPieces(completion, streamOptions(asked))
  const pieces = service.variant.pieces?.(own, completion) ?? own
  return { status: 200, headers: streamHeaders(request), stream: true, pieces, entry }
}

function responsesReply(service: Service, request: RecordedRequest): Reply {
  const { asked, completion } = respond(service, request)
  const entry = entryOf(completion)
  if (asked.stream) {
    const pieces = responsePieces(asked, completion)
    return { status: 200, headers: streamHeaders(request), stream: true, pieces, entry }
  }
  const output = outputItems(asked, completion).map(({ body }) => body)
  const usage = responsesUsage(completion.tokens)
  const body = responseBody(asked, completion, { ...endOf(completion), output, usage })
  const pieces = [{ raw: encodeJson(body) + '\n', tokens: completion.tokens.visible }]
  return { status: 200, headers: jsonHeaders(request), stream: false, pieces, entry }
}

function responsesVoice(service: Service, request: RecordedRequest): Voice {
  const { asked, completion } = respond(service, request)
  completion.tokens.visible = 0
  return responseVoice(asked, completion, entryOf(completion))
}

/** Here an unknown model is a 400, and only models that reason have something to seal. */
function respond(service: Service, request: RecordedRequest) {
  const { asked, chat } = parseResponsesRequest(request.rawBody, request.body)
  const model = findModel(service.models, chat.model)
  if (!model) {
    const rest = { param: 'model', code: 'model_not_found' }
    throw new OpenaiError(400, `The requested model '${chat.model}' does not exist.`, rest)
  }
  if (!model.effort && asked.include?.includes('reasoning.encrypted_content')) {
    const message = 'Encrypted content is not supported with this model.'
    throw new OpenaiError(400, message, { param: 'include' })
  }
  validate(service.models, chat)
  return { asked, completion: answer(chat, { model, cachedTokens: service.cachedTokens }) }
}

function voiceFor(service: Service, request: RecordedRequest) {
  const { asked, completion } = complete(service, request)
  completion.tokens.visible = 0
  const entry = entryOf(completion)
  const voice = streamVoice(completion, { ...streamOptions(asked), entry })
  const differently = (pieces: Piece[]): Piece[] =>
    service.variant.pieces?.(pieces, completion) ?? pieces
  return {
    ...voice,
    open: () => differently(voice.open()),
    text: (...said: Parameters<Voice['text']>) => differently(voice.text(...said)),
    toolCall: (call: VoiceCall) => differently(voice.toolCall(call)),
    finish: (...end: Parameters<Voice['finish']>) => differently(voice.finish(...end)),
    usage: () => differently(voice.usage()),
  }
}

function complete(
  service: Service,
  request: RecordedRequest,
): {
  asked: CompletionRequest
  completion: Completion
} {
  const { variant } = service
  const named = locate(service, request.path).model
  const body = named === undefined ? request.body : { ...Object(request.body), model: named }
  const asked = parseRequest(request.rawBody, variant.read?.(body) ?? body, variant.members)
  const model = validate(service.models, asked)
  variant.check?.(asked, model)
  const completion = answer(asked, { model, cachedTokens: service.cachedTokens })
  variant.shape?.(completion)
  return { asked, completion }
}

function streamOptions({ stream_options: asked }: CompletionRequest) {
  return {
    includeUsage: asked?.include_usage === true,
    obfuscate: asked?.include_obfuscation !== false,
  }
}

function entryOf({ id, model, tokens }: Completion): InvoiceEntry {
  return {
    id,
    model: model.snapshot,
    promptTokens: tokens.prompt,
    cachedTokens: tokens.cached,
    completionTokens: tokens.reasoning,
    reasoningTokens: tokens.reasoning,
    completed: false,
  }
}

function jsonReply(request: RecordedRequest, body: object): Reply {
  const headers = jsonHeaders(request)
  return { status: 200, headers, stream: false, pieces: [{ raw: encodeJson(body), tokens: 0 }] }
}

/** As recorded: errors of the edge are spaced by four, name their charset and carry no limits. */
function errorReply(service: Service, request: RecordedRequest, error: OpenaiError): Reply {
  const { status, body } = failureOf(service, error)
  const text = error.edge ? JSON.stringify(body, undefined, 4) + '\n' : encodeJson(body)
  const headers: HeaderBag = error.edge
    ? { ...commonHeaders(), 'content-type': 'application/json; charset=utf-8' }
    : jsonHeaders(request)
  headers['content-length'] = String(Buffer.byteLength(text))
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="OpenAI API"'
  return { status, headers, stream: false, pieces: [{ raw: text, tokens: 0 }] }
}

function encodeJson(body: unknown): string {
  return JSON.stringify(body, undefined, 2)
}

function jsonHeaders(request: RecordedRequest): HeaderBag {
  return { 'content-type': 'application/json', ...commonHeaders(), ...limitHeaders(request) }
}

function streamHeaders(request: RecordedRequest): HeaderBag {
  return { ...jsonHeaders(request), 'content-type': 'text/event-stream; charset=utf-8' }
}

function commonHeaders(): HeaderBag {
  return {
    'openai-organization': 'org-simulated',
    'openai-processing-ms': String(randomInt(10, 900)),
    'openai-project': 'proj_simulated',
    'openai-version': '2020-10-01',
    'x-envoy-upstream-service-time': String(randomInt(10, 900)),
    'x-openai-proxy-wasm': 'v0.1',
    'x-request-id': `req_${hexadecimal(32)}`,
    'set-cookie': `__cf_bm=${alphanumeric(43)}; path=/; domain=.api.openai.com; HttpOnly; Secure`,
    server: 'cloudflare',
  }
}

/** Lists are not limited by rate; limits of images appear with images. */
function limitHeaders({ path, rawBody }: RecordedRequest): HeaderBag {
  if (!answering.has(pathname(path))) return {}
  const images = rawBody.includes('"image_url"') && {
    'x-ratelimit-limit-input-images': '50000',
    'x-ratelimit-remaining-input-images': '49999',
    'x-ratelimit-reset-input-images': '1ms',
  }
  return {
    ...images,
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '50000000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': String(50_000_000 - Math.ceil(rawBody.length / 4)),
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '0s',
  }
}

function pathname(path: string): string {
  return path.split('?')[0] ?? path
}
