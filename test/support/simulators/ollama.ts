import { hexadecimal } from './identifiers.ts'
import { embed } from './ollama-embedding.ts'
import { listModels, type OllamaModel, ollamaModels, showModel } from './ollama-models.ts'
import {
  findOllamaModel,
  OllamaError,
  parseOllamaRequest,
  plainRequest,
  tooLong,
} from './ollama-request.ts'
import {
  answerBody,
  answerPieces,
  answerVoice,
  encodeLine,
  type OllamaAnswer,
} from './ollama-wire.ts'
import { answer } from './openai-answer.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export interface OllamaOptions extends Omit<SimulatorOptions, 'basePath'> {
  models?: OllamaModel[]
  /** The key without which nothing is answered, as in the cloud; a server of one's own has none. */
  apiKey?: string
  /** A version of 2024: no ids of calls, no counts of cached prompts, no capabilities in the list. */
  old?: boolean
}

/** Ollama's own API, faithful to its fact sheet and recorded traffic. */
export function startOllamaSimulator(options: OllamaOptions = {}): Promise<Simulator> {
  return startSimulator(ollama(options), options)
}

interface Service {
  models: OllamaModel[]
  apiKey: string | undefined
  old: boolean
  /** Prompts that were answered before. */
  seen: Set<string>
}

const metered = new Set(['/api/chat', '/api/embed'])

function ollama(options: OllamaOptions): SimulatedProvider {
  const { models = ollamaModels, apiKey, old = false } = options
  const service: Service = { models, apiKey, old, seen: new Set() }
  return {
    takesScript: ({ method, path }) => method === 'POST' && metered.has(path),
    reply: (request) => replyTo(service, request),
    headers: () => jsonHeaders,
    streamHeaders: () => streamHeaders,
    encodeJson: (body) => JSON.stringify(body),
    encodeFrame: encodeLine,
    terminator: '',
    errorBody: (status) => ({ error: texts[status] ?? 'llama runner process has terminated' }),
    voice: (request) => {
      const { made } = answerTo(service, request)
      return answerVoice(made, entryOf(made))
    },
  }
}

const jsonHeaders: HeaderBag = { 'content-type': 'application/json; charset=utf-8' }
const streamHeaders: HeaderBag = { 'content-type': 'application/x-ndjson' }

/** What goes with a status when a test only names the status. */
const texts: Record<number, string> = {
  400: 'invalid character',
  401: 'unauthorized',
  403: 'remote inference is disabled',
  404: 'model "gone" not found, try pulling it first',
  429: 'too many requests',
  500: 'model requires more system memory (5.6 GiB) than is available (2.1 GiB)',
  503: 'server busy, please try again.  maximum pending requests exceeded',
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkKey(service, request)
    return route(service, request)
  } catch (error) {
    if (!(error instanceof OllamaError)) throw error
    return jsonReply(error.status, error.body())
  }
}

function checkKey({ apiKey }: Service, { headers }: RecordedRequest): void {
  if (apiKey === undefined || headers.authorization === `Bearer ${apiKey}`) return
  throw new OllamaError(401, 'unauthorized')
}

function route(service: Service, request: RecordedRequest): Reply {
  const { models, old } = service
  switch (`${request.method} ${request.path}`) {
    case 'GET /api/tags':
      return jsonReply(200, listModels(models, { old }))
    case 'POST /api/show':
      return jsonReply(200, showModel(findOllamaModel(models, Object(request.body).model ?? '')))
    case 'POST /api/embed': {
      const { body, entry } = embed(request.body, models)
      return { ...jsonReply(200, body), entry }
    }
    case 'POST /api/chat':
      return chatReply(service, request)
    default:
      throw new OllamaError(404, '404 page not found')
  }
}

function chatReply(service: Service, request: RecordedRequest): Reply {
  const { made, stream } = answerTo(service, request)
  const entry = entryOf(made)
  if (stream) {
    return { status: 200, headers: streamHeaders, stream, pieces: answerPieces(made), entry }
  }
  return { ...jsonReply(200, answerBody(made), made.completion.tokens.visible), entry }
}

function answerTo(
  { models, old, seen }: Service,
  { body }: RecordedRequest,
): { made: OllamaAnswer; stream: boolean } {
  const parsed = parseOllamaRequest(body, models)
  const { request, model } = parsed
  const completion = answer(plainRequest(parsed), { model, cachedTokens: () => 0 })
  const limit = Math.min(model.contextLength, Number(request.options?.['num_ctx'] ?? Infinity))
  if (!request.truncate && completion.tokens.prompt > limit) {
    throw tooLong
  }
  const prompt = JSON.stringify(request.messages)
  const cached = seen.has(prompt)
  seen.add(prompt)
  return { made: { completion, name: request.model, old, cached }, stream: request.stream }
}

function entryOf({ completion, name }: OllamaAnswer): InvoiceEntry {
  const { prompt, reasoning } = completion.tokens
  return {
    id: hexadecimal(16),
    model: name,
    promptTokens: prompt,
    cachedTokens: 0,
    completionTokens: reasoning,
    reasoningTokens: reasoning,
    completed: false,
  }
}

function jsonReply(status: number, body: object, tokens = 0): Reply {
  const raw = JSON.stringify(body)
  const headers = { ...jsonHeaders, 'content-length': String(Buffer.byteLength(raw)) }
  return { status, headers, stream: false, pieces: [{ raw, tokens }] }
}
