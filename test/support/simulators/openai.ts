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
import { prefixCache } from './prefix-cache.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
  Voice,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export type OpenaiSimulator = Simulator

export interface OpenaiOptions extends Omit<SimulatorOptions, 'basePath'> {
  /** The only key it accepts. */
  apiKey?: string
  models?: OpenaiModel[]
  /** Reports so many cached tokens for every prompt that is longer; otherwise it keeps a cache. */
  cachedTokens?: number
}

/** OpenAI's chat completions and models under `/v1`, faithful to its recorded traffic. */
export function startOpenaiSimulator(options: OpenaiOptions = {}): Promise<OpenaiSimulator> {
  return startSimulator(openai(options), { ...options, basePath: '/v1' })
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
  }
  return {
    takesScript: ({ method, path }) => method === 'POST' && answering.has(pathname(path)),
    reply: (request) => replyTo(service, request),
    headers: (request) => jsonHeaders(request),
    streamHeaders: (request) => streamHeaders(request),
    encodeJson,
    encodeFrame,
    terminator,
    errorBody: (status) => errorFor(status).body(),
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
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkKey(service, request)
    return route(service, request)
  } catch (error) {
    if (error instanceof OpenaiError) return errorReply(request, error)
    throw error
  }
}

function checkKey({ apiKey }: Service, { headers }: RecordedRequest): void {
  const key = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (key === undefined) throw missingKey()
  if (key !== apiKey) throw wrongKey(key)
}

function route(service: Service, request: RecordedRequest): Reply {
  const path = pathname(request.path)
  if (request.method === 'POST' && path === completionsPath)
    return completionReply(service, request)
  if (request.method === 'POST' && path === embeddingsPath) {
    const { body, entry } = embed(request.body, service.models)
    return { ...jsonReply(request, body), entry }
  }
  if (request.method === 'POST' && path === responsesPath) return responsesReply(service, request)
  if (request.method === 'GET' && path === '/v1/models') {
    return jsonReply(request, listModels(service.models))
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
    const body = encodeJson(completionBody(completion)) + '\n'
    const pieces = [{ raw: body, tokens: completion.tokens.visible }]
    return { status: 200, headers: jsonHeaders(request), stream: false, pieces, entry }
  }
  const pieces = completionPieces(completion, streamOptions(asked))
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
  return streamVoice(completion, { ...streamOptions(asked), entry })
}

function complete(
  service: Service,
  request: RecordedRequest,
): {
  asked: CompletionRequest
  completion: Completion
} {
  const asked = parseRequest(request.rawBody, request.body)
  const model = validate(service.models, asked)
  const completion = answer(asked, { model, cachedTokens: service.cachedTokens })
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
function errorReply(request: RecordedRequest, error: OpenaiError): Reply {
  const text = error.edge
    ? JSON.stringify(error.body(), undefined, 4) + '\n'
    : encodeJson(error.body())
  const headers: HeaderBag = error.edge
    ? { ...commonHeaders(), 'content-type': 'application/json; charset=utf-8' }
    : jsonHeaders(request)
  headers['content-length'] = String(Buffer.byteLength(text))
  if (error.status === 401) headers['www-authenticate'] = 'Bearer realm="OpenAI API"'
  return { status: error.status, headers, stream: false, pieces: [{ raw: text, tokens: 0 }] }
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
