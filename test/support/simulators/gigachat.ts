import { randomUUID } from 'node:crypto'
import { embed, embedders } from './gigachat-embedding.ts'
import { gigachatAnswer } from './gigachat-answer.ts'
import { GigachatError, type GigachatRequest, parseGigachatRequest } from './gigachat-request.ts'
import { TokenBook, tokenPath, tokenService } from './gigachat-tokens.ts'
import { parseGigachatV2Request, type ResultRole } from './gigachat-v2-request.ts'
import { gigachatV2Wire } from './gigachat-v2-wire.ts'
import { gigachatV1Wire, type GigachatWire } from './gigachat-wire.ts'
import { prefixCache } from './prefix-cache.ts'
import type {
  HeaderBag,
  InvoiceEntry,
  RecordedRequest,
  Reply,
  SimulatedProvider,
} from './provider.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './server.ts'

export interface GigachatOptions extends Omit<SimulatorOptions, 'basePath' | 'port'> {
  /** `v1` when absent. */
  api?: 'v1' | 'v2'
  /** Who tells the result of a function in v2; the other is refused. */
  resultRole?: ResultRole
  /** The authorization key. */
  credentials?: string
  scope?: string
  tokenLifetimeMs?: number
  models?: string[]
  /** Reports so many cached tokens for every prompt that is longer; otherwise it keeps a cache. */
  cachedTokens?: number
  /** Answers 429 to more requests at once; individuals have one. */
  concurrency?: number
}

/** Two servers, as in reality: the API, and the service that gives out its tokens. */
export interface GigachatSimulator {
  api: Simulator
  auth: Simulator
  authUrl: string
  /** The authorization key that it knows. */
  credentials: string
  /** How many tokens were issued so far, in order. */
  issued: readonly string[]
  /** Requests for a token so far, the refused ones too. */
  readonly tokenRequests: number
  /** Ends all tokens at once. */
  expireTokens(): void
  /** Members of `[providers.<name>]` that point a gateway here. */
  toml: string
  close(): Promise<void>
}

/** One of GigaChat's APIs and its token service, faithful to its recorded traffic and documents. */
export async function startGigachatSimulator(
  options: GigachatOptions = {},
): Promise<GigachatSimulator> {
  const book = new TokenBook()
  const credentials = options.credentials ?? Buffer.from('client:secret').toString('base64')
  const auth = await startSimulator(
    tokenService(book, {
      credentials,
      scope: options.scope ?? 'GIGACHAT_API_PERS',
      lifetimeMs: options.tokenLifetimeMs ?? 30 * 60_000,
    }),
    options,
  )
  const version = options.api ?? 'v1'
  const resultRole = options.resultRole ?? 'function'
  const api = await startSimulator(apiService(book, options), {
    ...options,
    basePath: `/${version}`,
  })
  const authUrl = auth.url + tokenPath
  return {
    api,
    auth,
    authUrl,
    credentials,
    issued: book.issued,
    get tokenRequests() {
      return auth.requests.length
    },
    expireTokens: () => book.expire(),
    toml: `type = "gigachat"
      api = "${version}"
      result_role = "${resultRole}"
      base_url = "${api.url}"
      auth_url = "${authUrl}"
      credentials = "${credentials}"`,
    close: async () => {
      await Promise.all([api.close(), auth.close()])
    },
  }
}

const embeddingsPath = '/v1/embeddings'

/** As recorded on 21 January 2026; the others of the list do not chat. */
const gigachatModelNames = [
  'GigaChat',
  'GigaChat-2',
  'GigaChat-2-Max',
  'GigaChat-2-Pro',
  'GigaChat-Max',
  'GigaChat-Plus',
  'GigaChat-Pro',
]

interface Service {
  book: TokenBook
  completionsPath: string
  parse: (body: unknown) => GigachatRequest
  wire: GigachatWire
  models: string[]
  concurrency: number
  running: Set<RecordedRequest>
  cachedTokens: (prompt: string[]) => number
}

function apiService(book: TokenBook, options: GigachatOptions): SimulatedProvider {
  const models = options.models ?? gigachatModelNames
  const resultRole = options.resultRole ?? 'function'
  const speaks: Pick<Service, 'parse' | 'wire'> =
    options.api === 'v2'
      ? {
          parse: (body) => parseGigachatV2Request(body, { models, resultRole }),
          wire: gigachatV2Wire,
        }
      : { parse: (body) => parseGigachatRequest(body, models), wire: gigachatV1Wire }
  const service: Service = {
    book,
    models,
    completionsPath: `/${options.api ?? 'v1'}/chat/completions`,
    ...speaks,
    concurrency: options.concurrency ?? Infinity,
    running: new Set(),
    cachedTokens: prefixCache(options.cachedTokens),
  }
  const headers = () => commonHeaders('application/json; charset=utf-8')
  const streamHeaders = () => commonHeaders('text/event-stream')
  return {
    takesScript: (request) => {
      const completes =
        request.method === 'POST' &&
        [service.completionsPath, embeddingsPath].includes(request.path)
      if (completes) track(service, request)
      return completes
    },
    reply: (request) => replyTo(service, request),
    headers,
    streamHeaders,
    encodeJson: (body) => JSON.stringify(body),
    encodeFrame: (frame) => service.wire.encodeFrame(frame),
    terminator: service.wire.terminator,
    errorBody: (status) => ({ status, message: messages[status] ?? 'Internal Server Error' }),
    voice: ({ body }) => {
      const answer = gigachatAnswer(service.parse(body), service.cachedTokens)
      return service.wire.answerVoice(answer, entryOf(answer))
    },
  }
}

/** What goes with a status when a test only names the status. */
const messages: Record<number, string> = {
  400: 'Your request contains invalid JSON syntax.',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Permission denied',
  404: 'No such model',
  413: 'Payload too large',
  422: 'Invalid params: system message must be the first message',
  429: 'Too many requests',
}

function track({ running }: Service, request: RecordedRequest): void {
  running.add(request)
  void request.closed.then(() => running.delete(request))
}

function replyTo(service: Service, request: RecordedRequest): Reply {
  try {
    checkAccess(service, request)
    return route(service, request)
  } catch (error) {
    if (!(error instanceof GigachatError)) throw error
    return jsonReply(error.status, error.body())
  }
}

function checkAccess({ book }: Service, { headers }: RecordedRequest): void {
  if (headers['user-agent'] === undefined) throw new GigachatError(403, 'Permission denied')
  const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
  const refusal = book.refusal(token)
  if (refusal !== undefined) throw new GigachatError(401, refusal)
}

function route(service: Service, request: RecordedRequest): Reply {
  const { method, path } = request
  if (method === 'POST' && path === service.completionsPath) {
    return completionReply(service, request)
  }
  if (method === 'POST' && path === embeddingsPath) {
    const { body, entry } = embed(request.body)
    return { ...jsonReply(200, body), entry }
  }
  const known = [
    ...service.models.map((id) => listed(id, 'chat')),
    ...embedders.map((id) => listed(id, 'embedder')),
  ]
  if (method === 'GET' && path === '/v1/models') {
    return jsonReply(200, { data: known, object: 'list' })
  }
  const model = known.find(({ id }) => path === `/v1/models/${id}`)
  if (method !== 'GET' || !model) throw new GigachatError(404, 'No such model')
  return jsonReply(200, model)
}

function listed(id: string, type: string) {
  return { id, object: 'model', owned_by: 'salutedevices', type }
}

function completionReply(service: Service, { body }: RecordedRequest): Reply {
  if (service.running.size > service.concurrency) {
    throw new GigachatError(429, 'Too many requests')
  }
  const { wire } = service
  const asked = service.parse(body)
  const answer = gigachatAnswer(asked, service.cachedTokens)
  const entry = entryOf(answer)
  if (asked.stream) {
    const headers = commonHeaders('text/event-stream')
    return { status: 200, headers, stream: true, pieces: wire.answerPieces(answer), entry }
  }
  const reply = jsonReply(200, wire.answerBody(answer), answer.tokens.completion)
  return { ...reply, entry }
}

function entryOf({ model, tokens }: ReturnType<typeof gigachatAnswer>): InvoiceEntry {
  return {
    id: randomUUID(),
    model,
    promptTokens: tokens.prompt,
    cachedTokens: tokens.cached,
    completionTokens: 0,
    reasoningTokens: 0,
    completed: false,
  }
}

/** As recorded: an error's body ends with a line feed, an answer's does not. */
function jsonReply(status: number, body: object, tokens = 0): Reply {
  const raw = JSON.stringify(body) + (status === 200 ? '' : '\n')
  const headers = {
    ...commonHeaders('application/json; charset=utf-8'),
    'content-length': String(Buffer.byteLength(raw)),
  }
  return { status, headers, stream: false, pieces: [{ raw, tokens }] }
}

function commonHeaders(contentType: string): HeaderBag {
  return {
    'content-type': contentType,
    'access-control-allow-origin': 'https://beta.saluteai.sberdevices.ru',
    server: 'SynGX',
    'x-request-id': randomUUID(),
    'x-session-id': randomUUID(),
  }
}
