import type { FastifyReply, FastifyRequest } from 'fastify'
import { internalError, invalidRequest } from '../errors.ts'
import type { RoutingHints } from '../gateway/call.ts'
import { chatAll } from '../gateway/chat-all.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { Actor } from '../protocol/actor.ts'
import type {
  AnswerContext,
  ChatDoor,
  DecodedRequest,
  StreamEncoder,
} from '../protocol/chat-door.ts'
import { createCollector } from '../protocol/collect.ts'
import { isContent, type ChatEvent, type Origin } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { withCacheControl } from './cache-wishes.ts'
import { clientGone } from './client-gone.ts'
import {
  cacheHeader,
  nameCacheResult,
  nameDeployment,
  namesDeployment,
} from './deployment-headers.ts'
import { decodeHints } from './hints.ts'
import { tellLimits } from './limit-headers.ts'
import { inDoorWords } from './places.ts'
import { openSse } from './sse.ts'

/** What the route needs to know of one HTTP exchange. */
interface Exchange {
  gateway: GatewayDeps
  request: FastifyRequest
  reply: FastifyReply
  decoded: DecodedRequest
  /** Aborted when the client is gone before its answer is complete. */
  signal: AbortSignal
  created: number
}

/** A step between the gateway's events and the door that tells them. */
export type Around = (
  events: AsyncGenerator<ChatEvent>,
  context: Omit<AnswerContext, 'model'>,
) => AsyncGenerator<ChatEvent>

export interface CompletionRoute {
  gateway: GatewayDeps
  decoded: DecodedRequest
  around?: Around
}

/** A completion through any door: its dialect in, events, its dialect out. */
export async function handleCompletion(
  { gateway, door }: { gateway: GatewayDeps; door: ChatDoor },
  actor: Actor,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const decoded = door.decode(request.body, request.headers)
  return answerCompletion({ gateway, decoded }, actor, request, reply)
}

/** The same for a request that is decoded. */
export async function answerCompletion(
  { gateway, decoded, around = (events) => events }: CompletionRoute,
  actor: Actor,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const said = decodeHints(decoded.xrouter)
  refuseUnmarked(decoded, said.hints)
  const cache = withCacheControl(said.cache, request.headers['cache-control'])
  const signal = clientGone(reply)
  const { id: requestId, headers, onSettled } = request
  const heard = { onLimits: tellLimits(reply), onSettled }
  const context = { requestId, actor, door: 'rest' as const, headers, ...heard, signal }
  const call = { ...context, ...said, cache }
  const created = Math.floor(Date.now() / 1000)
  const requests: [ChatRequest, ...ChatRequest[]] = [decoded.request, ...(decoded.further ?? [])]
  const made = warned(decoded.warnings ?? [], chatAll(gateway, requests, call))
  const events = around(made, { id: request.id, created })
  const exchange: Exchange = { gateway, request, reply, decoded, signal, created }
  void reply.header(cacheHeader, 'off')
  return decoded.request.stream ? sendStream(exchange, events) : sendJson(exchange, events)
}

/** A splice that the dialect cannot mark would be a silent one. */
function refuseUnmarked({ request, marksResumption }: DecodedRequest, hints: RoutingHints): void {
  const { midStreamFailure: policy = 'ERROR' } = hints
  if (policy === 'ERROR' || !request.stream || marksResumption) return
  throw invalidRequest(
    'xrouter.mid_stream_failure',
    'Only streams of /v1/chat/completions and of GraphQL can mark an answer that begins anew or goes on elsewhere; leave `xrouter.mid_stream_failure` out.',
  )
}

/** The door's own warnings, before the gateway's. */
function warned(
  warnings: readonly string[],
  events: AsyncGenerator<ChatEvent>,
): AsyncGenerator<ChatEvent> {
  if (warnings.length === 0) return events
  return (async function* () {
    for (const message of warnings) yield { type: 'warning', message } satisfies ChatEvent
    yield* events
  })()
}

async function sendJson(
  { request, reply, decoded, signal, created }: Exchange,
  events: AsyncGenerator<ChatEvent>,
): Promise<void> {
  const collector = createCollector()
  for await (const event of events) {
    if (namesDeployment(event)) nameDeployment(reply, event)
    else if (event.type === 'cache-lookup') nameCacheResult(reply, event)
    collector.add(inDoorWords(event, decoded.placeOf))
  }
  if (signal.aborted) return void reply.hijack()
  const response = collector.response()
  const model = response.settlement?.model ?? ''
  return reply.send(decoded.encodeResponse(response, { id: request.id, created, model }))
}

async function sendStream(exchange: Exchange, events: AsyncGenerator<ChatEvent>): Promise<void> {
  const { request, reply, decoded, signal, created } = exchange
  const opening: ChatEvent[] = []
  let deployment: Origin | undefined
  for (;;) {
    const { value, done } = await events.next()
    if (done) return void reply.hijack()
    const event = inDoorWords(value, decoded.placeOf)
    if (event.type === 'error') {
      await events.return(undefined)
      throw event.error
    }
    if (namesDeployment(event)) nameDeployment(reply, (deployment = event))
    else if (event.type === 'cache-lookup') {
      nameCacheResult(reply, event)
      deployment = event.origin
    }
    opening.push(event)
    if (isContent(event) || event.type === 'end') break
  }
  const model = deployment?.model ?? ''
  const encoder = decoded.openStream({ id: request.id, created, model })
  reply.hijack()
  reply.raw.writeHead(200, {
    ...Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value)),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  })
  await writeEvents(exchange, opening, events, encoder).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

async function writeEvents(
  { gateway, request, reply, signal }: Exchange,
  opening: readonly ChatEvent[],
  rest: AsyncGenerator<ChatEvent>,
  encoder: StreamEncoder,
): Promise<void> {
  const sse = openSse(reply.raw, signal)
  const write = (event: ChatEvent): Promise<void> | undefined => {
    const text = encoder.event(event)
    return text === '' ? undefined : sse.write(text)
  }
  try {
    for (const event of opening) await write(event)
    for await (const event of rest) {
      if (event.type === 'error') return sse.end(encoder.error(event.error))
      const drained = write(event)
      if (drained) await drained
    }
    if (!signal.aborted) sse.end(encoder.end())
  } catch (error) {
    if (signal.aborted) return
    gateway.logger.error({ err: error, requestId: request.id }, 'bug in a stream')
    sse.end(encoder.error(internalError(error)))
  } finally {
    await rest.return(undefined)
  }
}
