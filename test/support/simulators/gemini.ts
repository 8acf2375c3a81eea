import { alphanumeric } from './identifiers.ts'
import { geminiAnswer, type GeminiAnswer } from './gemini-answer.ts'
import {
  errorFor,
  GeminiError,
  invalid,
  missingKey,
  tooLong,
  unknownModel,
  wrongKey,
} from './gemini-error.ts'
import { type GeminiModel, geminiModels, listModels } from './gemini-models.ts'
import { plainRequest } from './gemini-plain.ts'
import { parseGeminiRequest } from './gemini-request.ts'
import { checkGeminiRequest } from './gemini-validate.ts'
import { embed } from './gemini-embedding.ts'
import { answerBody, answerPieces, answerVoice, encodeFrame, encodeJson } from './gemini-wire.ts'
import { answer } from './openai-answer.ts'
import { prefixCache } from './prefix-cache.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export interface GeminiOptions extends Omit<SimulatorOptions, 'basePath'> {
  models?: GeminiModel[]
  /** Reports so many cached tokens for every prompt that is longer; otherwise it keeps a cache. */
  cachedTokens?: number
  modelsPerPage?: number
}

/** The key of the simulated service. */
export const geminiKey = 'AIzaSimulated'

/** Google's Gemini API, faithful to its fact sheet and recorded traffic. */
export function startGeminiSimulator(options: GeminiOptions = {}): Promise<Simulator> {
  return startSimulator(gemini(options), { ...options, basePath: '/v1beta' })
}

interface Service {
  models: GeminiModel[]
  modelsPerPage: number
  cachedTokens: (prompt: string[]) => number
  /** Every signature that was given out. */
  issued: Set<string>
}

const completionPath =
  /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent\?alt=sse|streamGenerateContent)$/

function gemini(options: GeminiOptions): SimulatedProvider {
  const service: Service = {
    models: options.models ?? geminiModels,
    modelsPerPage: options.modelsPerPage ?? 3,
    cachedTokens: prefixCache(options.cachedTokens),
    issued: new Set(),
  }
  return {
    takesScript: ({ method, path }) => method === 'POST' && completionPath.test(path),
    reply: (request) => replyTo(service, request),
    headers: () => commonHeaders('application/json; charset=UTF-8'),
    streamHeaders: () => streamHeaders,
    encodeJson,
    encodeFrame,
    terminator: '',
    errorBody: (status) => errorFor(status).body(),
    voice: (request) => {
      const made = answerTo(service, request)
      return answerVoice(made, entryOf(made))
    },
  }
}

const streamHeaders: HeaderBag = {
  ...commonHeaders('text/event-stream'),
  'content-disposition': 'attachment',
}

function commonHeaders(contentType: string): HeaderBag {
  return {
    'content-type': contentType,
    server: 'scaffolding on HTTPServer2',
    'server-timing': 'gfet4t7; dur=704',
    'x-gemini-service-tier': 'standard',
  }
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkKey(request)
    return route(service, request)
  } catch (error) {
    if (!(error instanceof GeminiError)) throw error
    // Where no server-sent stream was asked for the stream is a list, and so is its failure.
    const isList = request.path.endsWith(':streamGenerateContent')
    return jsonReply(error.code, isList ? [error.body()] : error.body())
  }
}

function checkKey({ headers }: RecordedRequest): void {
  const key = headers['x-goog-api-key']
  if (key === undefined) throw missingKey()
  if (key !== geminiKey) throw wrongKey()
}

function route(service: Service, request: RecordedRequest): Reply {
  const url = new URL(request.path, 'http://127.0.0.1')
  if (request.method === 'GET' && url.pathname === '/v1beta/models') {
    const size = Number(url.searchParams.get('pageSize') ?? 50)
    const page = {
      token: url.searchParams.get('pageToken'),
      length: Math.min(size, service.modelsPerPage),
    }
    return jsonReply(200, listModels(service.models, page))
  }
  const [, embedder] = /^\/v1beta\/models\/([^/:]+):batchEmbedContents$/.exec(request.path) ?? []
  if (request.method === 'POST' && embedder !== undefined) {
    const model = service.models.find(
      ({ id, methods }) => id === embedder && methods.includes('embedContent'),
    )
    if (!model) throw unknownModel(embedder)
    return jsonReply(200, embed(request.body, model))
  }
  if (request.method !== 'POST' || !completionPath.test(request.path)) {
    throw new GeminiError(404, 'NOT_FOUND', 'Not Found')
  }
  const made = answerTo(service, request)
  const entry = entryOf(made)
  if (url.searchParams.get('alt') === 'sse') {
    return { status: 200, headers: streamHeaders, stream: true, pieces: answerPieces(made), entry }
  }
  const whole = answerBody(made)
  const isList = request.path.includes('streamGenerateContent')
  return { ...jsonReply(200, isList ? [whole] : whole, made.completion.tokens.visible), entry }
}

function answerTo(service: Service, { path, body }: RecordedRequest): GeminiAnswer {
  const name = decodeURIComponent(completionPath.exec(path)?.[1] ?? '')
  const model = service.models.find(({ id, kind }) => id === name && kind === 'chat')
  if (!model) throw unknownModel(name)
  if (body === undefined) throw invalid('Invalid JSON payload received.')
  const asked = parseGeminiRequest(body)
  checkGeminiRequest(asked, { model, issued: service.issued })
  const completion = answer(plainRequest(asked, name), {
    model,
    cachedTokens: service.cachedTokens,
  })
  if (completion.tokens.prompt > model.inputTokenLimit) {
    throw tooLong(completion.tokens.prompt, model.inputTokenLimit)
  }
  const issue = (): string => {
    const signature = Buffer.from(alphanumeric(24)).toString('base64')
    service.issued.add(signature)
    return signature
  }
  return geminiAnswer(asked, completion, { model, issue })
}

function entryOf({ completion, model, toolPromptTokens, blockReason }: GeminiAnswer): InvoiceEntry {
  const { prompt, cached, reasoning } = completion.tokens
  const thoughts = blockReason === undefined ? reasoning : 0
  return {
    id: completion.id,
    model: model.id,
    promptTokens: prompt + toolPromptTokens,
    cachedTokens: cached,
    completionTokens: thoughts,
    reasoningTokens: thoughts,
    completed: false,
  }
}

function jsonReply(status: number, body: unknown, tokens = 0): Reply {
  const raw = encodeJson(body)
  const headers = {
    ...commonHeaders('application/json; charset=UTF-8'),
    'content-length': String(Buffer.byteLength(raw)),
  }
  return { status, headers, stream: false, pieces: [{ raw, tokens }] }
}
