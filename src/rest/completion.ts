import { internalError, invalidRequest } from '../errors.ts'
import type { Call, RoutingHints } from '../gateway/call.ts'
import { chatAll } from '../gateway/chat-all.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import type { Events } from '../gateway/running-attempt.ts'
import type {
  AnswerContext,
  ChatDoor,
  DecodedRequest,
  StreamEncoder,
} from '../protocol/chat-door.ts'
import { createCollector } from '../protocol/collect.ts'
import { isContent, type ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { withCacheControl } from './cache-wishes.ts'
import {
  cacheHeader,
  nameCacheResult,
  nameDeployment,
  namesDeployment,
} from './deployment-headers.ts'
import type { Exchange } from './exchange.ts'
import { decodeHints } from './hints.ts'
import { tellLimits } from './limit-headers.ts'
import { inDoorWords } from './places.ts'
import { openSse } from './sse.ts'

/** One answer under way. */
interface Answering {
  gateway: GatewayDeps
  exchange: Exchange
  decoded: DecodedRequest
  created: number
}

/** A step between the gateway's events and the door that tells them. */
export type Around = (
  lists: AsyncGenerator<Events>,
  context: Omit<AnswerContext, 'model'>,
) => AsyncGenerator<Events>

export interface CompletionRoute {
  gateway: GatewayDeps
  decoded: DecodedRequest
  around?: Around
}

/** A completion through any door: its dialect in, events, its dialect out. */
export function handleCompletion(
  { gateway, door }: { gateway: GatewayDeps; door: ChatDoor },
  exchange: Exchange,
): Promise<void> {
  const decoded = door.decode(exchange.body, exchange.headers)
  return answerCompletion({ gateway, decoded }, exchange)
}

/** The same for a request that is decoded. */
export function answerCompletion(
  { gateway, decoded, around }: CompletionRoute,
  exchange: Exchange,
): Promise<void> {
  const { id, actor, headers, onSettled, signal } = exchange
  const said = decodeHints(decoded.xrouter)
  refuseUnmarked(decoded, said.hints)
  const cache = withCacheControl(said.cache, headers['cache-control'])
  const call: Call = {
    requestId: id,
    actor,
    door: 'rest',
    hints: said.hints,
    headers,
    tags: said.tags,
    user: said.user,
    onLimits: tellLimits(exchange, decoded.encodeLimits),
    cache,
    onSettled,
    signal,
  }
  const created = Math.floor(Date.now() / 1000)
  const requests: [ChatRequest, ...ChatRequest[]] = [decoded.request, ...(decoded.further ?? [])]
  const made = warned(decoded.warnings ?? [], chatAll(gateway, requests, call))
  const lists = around ? around(made, { id, created }) : made
  const answering: Answering = { gateway, exchange, decoded, created }
  exchange.set(cacheHeader, 'off')
  return decoded.request.stream ? sendStream(answering, lists) : sendJson(answering, lists)
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
  lists: AsyncGenerator<Events>,
): AsyncGenerator<Events> {
  if (warnings.length === 0) return lists
  return (async function* () {
    yield warnings.map((message): ChatEvent => ({ type: 'warning', message }))
    yield* lists
  })()
}

async function sendJson(
  { exchange, decoded, created }: Answering,
  lists: AsyncGenerator<Events>,
): Promise<void> {
  const collector = createCollector()
  for await (const events of lists) {
    for (const event of events) {
      nameOrigin(exchange, event)
      collector.add(inDoorWords(event, decoded.placeOf))
    }
  }
  if (exchange.signal.aborted) return
  const response = collector.response()
  const model = response.settlement?.model ?? ''
  exchange.sendJson(decoded.encodeResponse(response, { id: exchange.id, created, model }))
}

async function sendStream(answering: Answering, lists: AsyncGenerator<Events>): Promise<void> {
  const { exchange, decoded, created } = answering
  const opening: ChatEvent[] = []
  let model = ''
  while (!opening.some(begins)) {
    const { value: events, done } = await lists.next()
    if (done) return
    for (const each of events) {
      const event = inDoorWords(each, decoded.placeOf)
      if (event.type === 'error') {
        await lists.return(undefined)
        throw event.error
      }
      model = nameOrigin(exchange, event) ?? model
      opening.push(event)
    }
  }
  const encoder = decoded.openStream({ id: exchange.id, created, model })
  exchange.openStream()
  await writeEvents(answering, [opening, lists], encoder).catch((error: unknown) => {
    if (!exchange.signal.aborted) throw error
  })
}

/** Whether an answer has begun with it: its head can be sent. */
function begins(event: ChatEvent): boolean {
  return isContent(event) || event.type === 'end'
}

/** Names in the headers who answers, as far as an event tells of it; the model. */
function nameOrigin(exchange: Exchange, event: ChatEvent): string | undefined {
  if (namesDeployment(event)) {
    nameDeployment(exchange, event)
    return event.model
  }
  if (event.type !== 'cache-lookup') return undefined
  nameCacheResult(exchange, event)
  return event.origin?.model ?? ''
}

async function writeEvents(
  { gateway, exchange: { id, response, signal } }: Answering,
  [opening, rest]: [opening: Events, rest: AsyncGenerator<Events>],
  encoder: StreamEncoder,
): Promise<void> {
  const sse = openSse(response, signal)
  const write = (event: ChatEvent): Promise<void> | undefined => {
    const text = encoder.event(event)
    return text === '' ? undefined : sse.write(text)
  }
  try {
    for (const event of opening) await write(event)
    for await (const events of rest) {
      for (const event of events) {
        if (event.type === 'error') return sse.end(encoder.error(event.error))
        const drained = write(event)
        if (drained) await drained
      }
    }
    if (!signal.aborted) sse.end(encoder.end())
  } catch (error) {
    if (signal.aborted) return
    gateway.logger.error({ err: error, requestId: id }, 'bug in a stream')
    sse.end(encoder.error(internalError(error)))
  } finally {
    await rest.return(undefined)
  }
}
