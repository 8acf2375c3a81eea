import type { Agent } from 'undici'
import { GatewayError } from '../errors.ts'
import { awsEventStream } from '../lib/aws-event-stream.ts'
import { signalOf, type Ending } from '../lib/ending.ts'
import { ndjsonLines } from '../lib/ndjson.ts'
import { single } from '../lib/pulled.ts'
import { sseData } from '../lib/sse.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { ChatApi, Framing } from '../protocol/chat-api.ts'
import type { ModelInfo, Provider, Send, UpstreamRequest } from '../providers/provider.ts'
import type { CallUpstream, CountUpstream, EmbedUpstream } from './deps.ts'
import type { Deployment } from './catalogue.ts'
import type { Headroom } from './headroom.ts'
import { openAgent } from './upstream-agent.ts'
import { embedHttp } from './upstream-embed.ts'
import { connectionError } from './upstream-error.ts'
import type { UpstreamResponse } from './upstream-exchange.ts'
import { CallLimits } from './upstream-limits.ts'
import { isRefused, readBody, readFailure } from './upstream-read.ts'
import { sendOwn, sendSigned, type Upstream } from './upstream-send.ts'

const streamLineCharsMax = 4 * 1024 * 1024
const drainMsMax = 1_000
const accepted: Record<Framing, string> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson, application/json',
  'aws-event-stream': 'application/vnd.amazon.eventstream',
}

/** The connections to all providers: one pool each, with its own certificate authority and timeouts. */
export interface Upstreams {
  call: CallUpstream
  count: CountUpstream
  embed: EmbedUpstream
  /** The models that the upstream of a provider lists; none where there is no list. */
  discover(provider: Provider): Promise<ModelInfo[]>
  close(): Promise<void>
}

/** What the answers tell of rate limits goes to `headroom`. */
export function openUpstreams(providers: Iterable<Provider>, headroom: Headroom): Upstreams {
  const agents = new Map<string, Agent>()
  for (const provider of providers) {
    if (provider.connection) agents.set(provider.id, openAgent(provider.connection))
  }
  return {
    call: (deployment, request, options) => {
      const { provider, model } = deployment
      if (provider.generate) return provider.generate(request, model, signalOf(options.signal))
      const { chat, connection } = provider
      const agent = agents.get(provider.id)
      if (!chat || !agent || !connection) throw noCompletions(provider)
      return callHttp(
        { provider, chat, connection, agent, model, deployment, headroom },
        request,
        options,
      )
    },
    count: async ({ provider, model }, request) => {
      const { connection } = provider
      const agent = agents.get(provider.id)
      if (!provider.countTokens || !agent || !connection) return undefined
      const send: Send = (own) => sendOwn({ provider, connection, agent }, own)
      return provider.countTokens(request, model, send)
    },
    embed: async ({ provider, model }, request, options) => {
      const { embeddings, connection } = provider
      const agent = agents.get(provider.id)
      if (!embeddings || !agent || !connection) throw unconfigured(provider)
      return embedHttp({ provider, embeddings, connection, agent, model }, request, options)
    },
    discover: async (provider) => {
      const { connection } = provider
      const agent = agents.get(provider.id)
      if (!provider.discover || !agent || !connection) return []
      return provider.discover((own) => sendOwn({ provider, connection, agent }, own))
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}

interface Target extends Upstream {
  chat: ChatApi
  model: string
  deployment: Deployment
  headroom: Headroom
}

interface HttpOptions {
  signal: Ending
  onHead: (status: number) => void
}

function callHttp(
  target: Target,
  request: ChatRequest,
  options: HttpOptions,
): ReturnType<CallUpstream> {
  return request.stream
    ? streamHttp(target, request, options)
    : single(() => fetchWhole(target, request, options))
}

/** All events of an answer that was not asked for as a stream. */
async function fetchWhole(
  target: Target,
  request: ChatRequest,
  options: HttpOptions,
): Promise<readonly ChatEvent[]> {
  const limits = new CallLimits(target.connection, options.signal)
  const exchanged = { head: false, whole: false }
  try {
    const response = await sendRequest(target, request, limits)
    exchanged.head = true
    noteHead(target, response, options)
    if (isRefused(response.statusCode)) throw await readFailure(response, target.chat)
    const events = target.chat.decodeBody(await readBody(response))
    exchanged.whole = true
    return events
  } catch (error) {
    throw failureOf(error, target, { ...exchanged, limits, signal: options.signal })
  } finally {
    limits.close(exchanged)
  }
}

async function* streamHttp(
  target: Target,
  request: ChatRequest,
  options: HttpOptions,
): ReturnType<CallUpstream> {
  const limits = new CallLimits(target.connection, options.signal)
  const exchanged = { head: false, whole: false }
  try {
    const response = await sendRequest(target, request, limits)
    exchanged.head = true
    noteHead(target, response, options)
    const answer = await decode(target.chat, response)
    if (Array.isArray(answer)) yield answer
    else for await (const event of answer) yield event
    exchanged.whole = true
    // What may follow a stream's last frame is read, so that its connection can serve the next request.
    response.body.discard({ bytes: Number.MAX_SAFE_INTEGER, ms: drainMsMax })
  } catch (error) {
    throw failureOf(error, target, { ...exchanged, limits, signal: options.signal })
  } finally {
    limits.close(exchanged)
  }
}

function noteHead(
  { headroom, deployment }: Target,
  { statusCode, headers }: UpstreamResponse,
  { onHead }: HttpOptions,
): void {
  onHead(statusCode)
  headroom.note(deployment, headers)
}

/** What an exchange that broke is to those who asked for it. */
function failureOf(
  error: unknown,
  { provider, connection }: Target,
  { head, limits, signal }: { head: boolean; limits: CallLimits; signal: Ending },
): unknown {
  if (signal.aborted || error instanceof GatewayError) return error
  return connectionError(error, {
    provider: provider.id,
    connection,
    head,
    reached: limits.reached,
  })
}

function sendRequest(
  target: Target,
  request: ChatRequest,
  limits: CallLimits,
): Promise<UpstreamResponse> {
  const { provider, chat, model } = target
  const unsigned: UpstreamRequest = {
    method: 'POST',
    url: provider.baseUrl + chat.path(model, request),
    headers: {
      'content-type': 'application/json',
      accept: request.stream ? accepted[chat.framing ?? 'sse'] : 'application/json',
      'user-agent': 'xrouter',
      ...chat.headers?.(request, model),
    },
    body: JSON.stringify(chat.encodeRequest(request, model)),
    model,
  }
  return sendSigned(target, unsigned, limits)
}

/** The events of an answer that was asked for as a stream: all of them where it comes whole. */
async function decode(
  chat: ChatApi,
  response: UpstreamResponse,
): Promise<ChatEvent[] | AsyncGenerator<ChatEvent>> {
  if (isRefused(response.statusCode)) throw await readFailure(response, chat)
  if (isStream(chat, response.headers)) {
    return chat.decodeEvents(framesOf(chat.framing ?? 'sse', response.body))
  }
  return chat.decodeBody(await readBody(response))
}

function framesOf(framing: Framing, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const limit = { bufferCharsMax: streamLineCharsMax, onOversized: oversizedLine }
  switch (framing) {
    case 'sse':
      return sseData(bytes, limit)
    case 'ndjson':
      return ndjsonLines(bytes, limit)
    case 'aws-event-stream':
      return awsEventStream(bytes, { ...limit, onBroken: brokenMessage })
    default:
      return framing satisfies never
  }
}

/** Lines of JSON come under any media type, and a whole answer is one of them. */
function isStream(chat: ChatApi, headers: UpstreamResponse['headers']): boolean {
  const type = String(headers['content-type'])
  switch (chat.framing ?? 'sse') {
    case 'ndjson':
      return true
    case 'aws-event-stream':
      return type.startsWith('application/vnd.amazon.eventstream')
    default:
      return /^text\/event-stream/i.test(type)
  }
}

function noCompletions(provider: Provider): GatewayError {
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `The provider \`${provider.id}\` does not offer completions.`,
    path: 'model',
    failover: true,
  })
}

/** The loss table has refused what has no embeddings before. */
function unconfigured({ id }: Provider): Error {
  return new Error(`the provider ${id} has no embeddings to call`)
}

function brokenMessage(cause: unknown): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: 'The provider sent a message that is damaged or no message at all. Try again.',
    cause,
  })
}

function oversizedLine(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: `The provider sent a line of more than ${streamLineCharsMax} characters.`,
  })
}
