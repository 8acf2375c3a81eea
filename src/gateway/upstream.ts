import type { Agent } from 'undici'
import { GatewayError } from '../errors.ts'
import { awsEventStream } from '../lib/aws-event-stream.ts'
import { ndjsonLines } from '../lib/ndjson.ts'
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
      if (provider.generate) return provider.generate(request, model, options.signal)
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

async function* callHttp(
  target: Target,
  request: ChatRequest,
  options: { signal: AbortSignal; onHead: (status: number) => void },
): ReturnType<CallUpstream> {
  const { chat, connection, provider } = target
  const limits = new CallLimits(connection, options.signal)
  let head = false
  let whole = false
  try {
    const response = await sendRequest(target, request, limits)
    head = true
    options.onHead(response.statusCode)
    target.headroom.note(target.deployment, response.headers)
    const answer = await decode(chat, request, response)
    if (Array.isArray(answer)) yield answer
    else for await (const event of answer) yield event
    whole = true
    // What may follow a stream's last frame is read, so that its connection can serve the next request.
    response.body.discard({ bytes: Number.MAX_SAFE_INTEGER, ms: drainMsMax })
  } catch (error) {
    if (options.signal.aborted || error instanceof GatewayError) throw error
    const { reached } = limits
    throw connectionError(error, { provider: provider.id, connection, head, reached })
  } finally {
    limits.close({ whole })
  }
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

/** The events of an answer: all of them where it comes whole. */
async function decode(
  chat: ChatApi,
  request: ChatRequest,
  response: UpstreamResponse,
): Promise<ChatEvent[] | AsyncGenerator<ChatEvent>> {
  if (isRefused(response.statusCode)) throw await readFailure(response, chat)
  if (request.stream && isStream(chat, response.headers)) {
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
