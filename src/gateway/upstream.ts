import { readFileSync } from 'node:fs'
import { Agent, request as send, type Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import { sseData } from '../lib/sse.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { ChatApi } from '../protocol/chat-api.ts'
import type { Connection, Provider, UpstreamRequest } from '../providers/provider.ts'
import type { CallUpstream } from './deps.ts'
import { connectionError } from './upstream-error.ts'

const streamLineCharsMax = 4 * 1024 * 1024
const jsonBytesMax = 64 * 1024 * 1024
const errorBytesMax = 256 * 1024
const drainMsMax = 1_000

/** The connections to all providers: one pool each, with its own certificate authority and timeouts. */
export interface Upstreams {
  call: CallUpstream
  close(): Promise<void>
}

export function openUpstreams(providers: Iterable<Provider>): Upstreams {
  const agents = new Map<string, Agent>()
  for (const provider of providers) {
    if (provider.connection) agents.set(provider.id, openAgent(provider.connection))
  }
  return {
    call: ({ provider, model }, request, options) => {
      if (provider.generate) return provider.generate(request, model, options.signal)
      const { chat, connection } = provider
      const agent = agents.get(provider.id)
      if (!chat || !agent || !connection) throw noCompletions(provider)
      return callHttp({ provider, chat, connection, agent, model }, request, options)
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

interface Target {
  provider: Provider
  chat: ChatApi
  connection: Connection
  agent: Agent
  model: string
}

async function* callHttp(
  target: Target,
  request: ChatRequest,
  options: { signal: AbortSignal; onHead: (status: number) => void },
): AsyncGenerator<ChatEvent> {
  const { chat, connection, provider } = target
  const total = new AbortController()
  const abort = (): void => total.abort(options.signal.reason)
  options.signal.addEventListener('abort', abort, { once: true })
  const timer = setTimeout(() => total.abort('total'), connection.timeoutTotalMs)
  let head = false
  let complete = false
  try {
    options.signal.throwIfAborted()
    const response = await sendRequest(target, request, total.signal)
    head = true
    options.onHead(response.statusCode)
    yield* decode(chat, request, response)
    complete = true
    drain(response)
  } catch (error) {
    if (options.signal.aborted || error instanceof GatewayError) throw error
    const timedOut = total.signal.aborted
    throw connectionError(error, { provider: provider.id, connection, head, timedOut })
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', abort)
    if (!complete) total.abort()
  }
}

/** Reads what may follow a stream's last frame, so that its connection can serve the next request. */
function drain({ body }: Dispatcher.ResponseData): void {
  if (body.closed) return
  const limits = { limit: Number.MAX_SAFE_INTEGER, signal: AbortSignal.timeout(drainMsMax) }
  body.dump(limits).catch(() => {})
}

async function sendRequest(
  { provider, chat, agent, model }: Target,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const upstream: UpstreamRequest = await provider.authorize({
    method: 'POST',
    url: provider.baseUrl + chat.path(model),
    headers: {
      'content-type': 'application/json',
      accept: request.stream ? 'text/event-stream' : 'application/json',
      'user-agent': 'xrouter',
    },
    body: JSON.stringify(chat.encodeRequest(request, model)),
  })
  return send(upstream.url, {
    method: upstream.method,
    headers: upstream.headers,
    body: upstream.body ?? null,
    dispatcher: agent,
    signal,
  })
}

async function* decode(
  chat: ChatApi,
  request: ChatRequest,
  { statusCode, headers, body }: Dispatcher.ResponseData,
): AsyncGenerator<ChatEvent> {
  if (statusCode < 200 || statusCode > 299) {
    const text = await readText(body, errorBytesMax)
    throw chat.decodeError({ status: statusCode, body: parseJson(text) ?? text, headers })
  }
  if (request.stream && /^text\/event-stream/i.test(String(headers['content-type']))) {
    const limits = { bufferCharsMax: streamLineCharsMax, onOversized: oversizedLine }
    yield* chat.decodeEvents(sseData(body.iterator({ destroyOnReturn: false }), limits))
    return
  }
  const parsed = parseJson(await readText(body, jsonBytesMax, answerTooLarge))
  if (parsed === undefined) throw notJson(statusCode, headers['content-type'])
  yield* chat.decodeBody(parsed)
}

/** The body as text; past `bytesMax` it is cut, or refused where `onExcess` makes an error. */
async function readText(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  onExcess?: () => Error,
): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    chunks.push(chunk)
    if (bytes <= bytesMax) continue
    if (onExcess) throw onExcess()
    break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function openAgent(connection: Connection): Agent {
  const ca = connection.caFile === undefined ? undefined : readFileSync(connection.caFile)
  return new Agent({
    connect: { timeout: connection.timeoutConnectMs, ...(ca && { ca }) },
    headersTimeout: connection.timeoutFirstByteMs,
    bodyTimeout: connection.timeoutIdleMs,
  })
}

function noCompletions(provider: Provider): GatewayError {
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `The provider \`${provider.id}\` does not offer completions.`,
    path: 'model',
    failover: true,
  })
}

function oversizedLine(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The provider sent a line of more than ${streamLineCharsMax} characters.`,
  })
}

function answerTooLarge(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The provider sent an answer of more than ${jsonBytesMax} bytes.`,
  })
}

function notJson(status: number, contentType: string | string[] | undefined): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The provider answered ${status} with a body that is no valid JSON (content-type ${String(contentType ?? 'absent').slice(0, 80)}).`,
    upstreamStatus: status,
  })
}
