import { randomInt } from 'node:crypto'
import { answerMessage, type MessageAnswer, promptOf } from './anthropic-answer.ts'
import { AnthropicError, anthropicErrorFor, invalid, requestId } from './anthropic-error.ts'
import { type AnthropicModel, anthropicModels, findModel, listModels } from './anthropic-models.ts'
import { type MessageRequest, parseMessageRequest } from './anthropic-request.ts'
import { validate } from './anthropic-validate.ts'
import {
  encodeFrame,
  messageBody,
  messagePieces,
  messageVoice,
  terminator,
} from './anthropic-wire.ts'
import { prefixCache } from './prefix-cache.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export interface AnthropicOptions extends Omit<SimulatorOptions, 'basePath'> {
  /** The only key it accepts. */
  apiKey?: string
  models?: AnthropicModel[]
  /** Reports so many cached tokens for every marked prompt that is longer; otherwise it keeps a cache. */
  cachedTokens?: number
}

/** Anthropic's messages, models and counting of tokens, faithful to its recorded traffic. */
export function startAnthropicSimulator(options: AnthropicOptions = {}): Promise<Simulator> {
  return startSimulator(anthropic(options), options)
}

interface Service {
  apiKey: string
  models: AnthropicModel[]
  cachedTokens: (prompt: string[]) => number
}

const messagesPath = '/v1/messages'

function anthropic(options: AnthropicOptions): SimulatedProvider {
  const service: Service = {
    apiKey: options.apiKey ?? 'sk-ant-simulated',
    models: options.models ?? anthropicModels,
    cachedTokens: prefixCache(options.cachedTokens),
  }
  return {
    takesScript: ({ method, path }) => method === 'POST' && urlOf(path).pathname === messagesPath,
    reply: (request) => replyTo(service, request),
    headers: () => headersOf('application/json'),
    streamHeaders: () => headersOf('text/event-stream; charset=utf-8'),
    encodeJson: (body) => JSON.stringify(body),
    encodeFrame,
    terminator,
    errorBody: (status) => anthropicErrorFor(status).body(),
    voice: (request) => {
      const { answer } = answerTo(service, request)
      return messageVoice(answer, entryOf(answer))
    },
  }
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkHeaders(service, request)
    return route(service, request)
  } catch (error) {
    if (!(error instanceof AnthropicError)) throw error
    const reply = jsonReply(error.status, error.body())
    return { ...reply, headers: { ...reply.headers, 'x-should-retry': retryWord(error.status) } }
  }
}

function retryWord(status: number): string {
  return String(status === 429 || status >= 500)
}

function checkHeaders({ apiKey }: Service, { headers }: RecordedRequest): void {
  const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
  const key = headers['x-api-key'] ?? bearer
  if (key === undefined) throw new AnthropicError(401, 'x-api-key header is required')
  if (key !== apiKey) throw new AnthropicError(401, 'invalid x-api-key')
  if (headers['anthropic-version'] !== '2023-06-01') {
    throw invalid('anthropic-version: header is required')
  }
}

function route(service: Service, request: RecordedRequest): Reply {
  const { method } = request
  const { pathname, searchParams } = urlOf(request.path)
  if (method === 'POST' && pathname === messagesPath) return messageReply(service, request)
  if (method === 'POST' && pathname === `${messagesPath}/count_tokens`) {
    const asked = parseMessageRequest(request.body, { counting: true })
    knownModel(service, asked)
    return jsonReply(200, { input_tokens: promptOf(asked).length })
  }
  if (method === 'GET' && pathname === '/v1/models') {
    return jsonReply(200, listModels(service.models, searchParams))
  }
  throw new AnthropicError(404, 'Not Found')
}

function messageReply(service: Service, request: RecordedRequest): Reply {
  const { asked, answer } = answerTo(service, request)
  const entry = entryOf(answer)
  if (asked.stream === true) {
    const headers = headersOf('text/event-stream; charset=utf-8')
    return { status: 200, headers, stream: true, pieces: messagePieces(answer), entry }
  }
  const tokens = answer.tokens.thought + answer.tokens.visible
  const pieces = [{ raw: JSON.stringify(messageBody(answer)), tokens }]
  return { ...jsonReply(200, {}), pieces, entry }
}

function answerTo(
  service: Service,
  request: RecordedRequest,
): { asked: MessageRequest; answer: MessageAnswer } {
  const asked = parseMessageRequest(request.body)
  const model = knownModel(service, asked)
  validate(asked, model, request.headers)
  const answer = answerMessage(asked, model, service.cachedTokens)
  const limit = model.maxInput
  if (answer.tokens.prompt > limit) {
    throw invalid(`prompt is too long: ${answer.tokens.prompt} tokens > ${limit} maximum`)
  }
  return { asked, answer }
}

function knownModel({ models }: Service, { model }: MessageRequest): AnthropicModel {
  const found = findModel(models, model)
  if (!found) throw new AnthropicError(404, `model: ${model}`)
  return found
}

function entryOf({ id, model, tokens }: MessageAnswer): InvoiceEntry {
  return {
    id,
    model,
    promptTokens: tokens.prompt,
    cachedTokens: tokens.read,
    writtenTokens: tokens.written,
    completionTokens: 0,
    reasoningTokens: tokens.thought,
    completed: false,
  }
}

function jsonReply(status: number, body: object): Reply {
  const headers = headersOf('application/json')
  const pieces = [{ raw: JSON.stringify(body), tokens: 0 }]
  return { status, headers, stream: false, pieces }
}

/** The wait stands on many a success too, where it means nothing. */
function headersOf(contentType: string): HeaderBag {
  return {
    'content-type': contentType,
    'request-id': requestId(),
    'anthropic-organization-id': '00000000-0000-0000-0000-000000000000',
    'anthropic-ratelimit-input-tokens-limit': '2000000',
    'anthropic-ratelimit-input-tokens-remaining': '1999000',
    'anthropic-ratelimit-input-tokens-reset': '2026-08-01T00:00:00Z',
    'retry-after': String(randomInt(3, 60)),
    'cf-cache-status': 'DYNAMIC',
    server: 'cloudflare',
  }
}

function urlOf(path: string): URL {
  return new URL(path, 'http://anthropic')
}
