import type { FastifyReply, FastifyRequest } from 'fastify'
import { decodeChatRequest } from '../dialects/openai-chat/decode-request.ts'
import { createChunkEncoder } from '../dialects/openai-chat/encode-events.ts'
import { encodeErrorBody } from '../dialects/openai-chat/encode-error.ts'
import { encodeChatResponse } from '../dialects/openai-chat/encode-response.ts'
import { internalError } from '../errors.ts'
import { chat } from '../gateway/chat.ts'
import type { GatewayDeps } from '../gateway/deps.ts'
import { createCollector } from '../protocol/collect.ts'
import { isContent, type AttemptStart, type ChatEvent } from '../protocol/event.ts'
import type { Actor } from '../protocol/actor.ts'
import { decodeHints } from './hints.ts'
import { openSse, sseFrame } from './sse.ts'

/** What the route needs to know of one HTTP exchange. */
interface Exchange {
  gateway: GatewayDeps
  request: FastifyRequest
  reply: FastifyReply
  /** Aborted when the client is gone before its answer is complete. */
  signal: AbortSignal
  created: number
}

/** `POST /v1/chat/completions`: OpenAI's dialect in, events, OpenAI's dialect out. */
export async function handleCompletion(
  gateway: GatewayDeps,
  actor: Actor,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { request: chatRequest, includeUsage, xrouter } = decodeChatRequest(request.body)
  const { hints, tags } = decodeHints(xrouter)
  const signal = clientGone(reply)
  const call = { requestId: request.id, actor, door: 'rest' as const, hints, tags, signal }
  const events = chat(gateway, chatRequest, call)
  const created = Math.floor(Date.now() / 1000)
  const exchange: Exchange = { gateway, request, reply, signal, created }
  void reply.header('x-xrouter-cache', 'off')
  return chatRequest.stream
    ? sendStream(exchange, events, includeUsage)
    : sendJson(exchange, events)
}

async function sendJson(
  { request, reply, signal, created }: Exchange,
  events: AsyncGenerator<ChatEvent>,
): Promise<void> {
  const collector = createCollector()
  for await (const event of events) {
    if (event.type === 'attempt-start') nameDeployment(reply, event)
    collector.add(event)
  }
  if (signal.aborted) return void reply.hijack()
  const response = collector.response()
  const model = response.settlement?.model ?? ''
  return reply.send(encodeChatResponse(response, { id: request.id, created, model }))
}

async function sendStream(
  exchange: Exchange,
  events: AsyncGenerator<ChatEvent>,
  includeUsage: boolean,
): Promise<void> {
  const { request, reply, signal, created } = exchange
  const opening: ChatEvent[] = []
  let deployment: AttemptStart | undefined
  for (;;) {
    const { value: event, done } = await events.next()
    if (done) return void reply.hijack()
    if (event.type === 'error') {
      await events.return(undefined)
      throw event.error
    }
    if (event.type === 'attempt-start') nameDeployment(reply, (deployment = event))
    opening.push(event)
    if (isContent(event) || event.type === 'end') break
  }
  const model = deployment?.model ?? ''
  const encode = createChunkEncoder({ id: request.id, created, model, includeUsage })
  reply.hijack()
  reply.raw.writeHead(200, {
    ...Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value)),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  })
  await writeEvents(exchange, opening, events, encode).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

async function writeEvents(
  { gateway, request, reply, signal }: Exchange,
  opening: readonly ChatEvent[],
  rest: AsyncGenerator<ChatEvent>,
  encode: (event: ChatEvent) => Record<string, unknown>[],
): Promise<void> {
  const sse = openSse(reply.raw, signal)
  const write = (event: ChatEvent): Promise<void> | undefined => {
    const text = encode(event).map(sseFrame).join('')
    return text === '' ? undefined : sse.write(text)
  }
  try {
    for (const event of opening) await write(event)
    for await (const event of rest) {
      if (event.type === 'error') return sse.end(sseFrame(encodeErrorBody(event.error)))
      const drained = write(event)
      if (drained) await drained
    }
    if (!signal.aborted) sse.end('data: [DONE]\n\n')
  } catch (error) {
    if (signal.aborted) return
    gateway.logger.error({ err: error, requestId: request.id }, 'bug in a stream')
    sse.end(sseFrame(encodeErrorBody(internalError(error))))
  } finally {
    await rest.return(undefined)
  }
}

/** The headers tell of the deployment that was called last: the one that answers, or the last that failed. */
function nameDeployment(reply: FastifyReply, { provider, model, number }: AttemptStart): void {
  void reply.headers({
    'x-xrouter-provider': provider,
    'x-xrouter-model': headerText(model),
    'x-xrouter-attempts': String(number),
  })
}

/** A name may have any character, a header only a few: the others are percent-encoded. */
function headerText(name: string): string {
  return name.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}

function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  if (reply.raw.destroyed) controller.abort()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}
