import { labelOf } from '../protocol/cache-label.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { CacheResult } from '../protocol/settlement.ts'
import type { AnswerCache, Making } from './answer-cache.ts'
import { encodeEntry, isKept, isWhole, type CachedAnswer } from './cache-entry.ts'
import { placeOf } from './cache-key.ts'
import { notCached, planOf, type CachePlan } from './cache-plan.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { lossesOf } from './loss.ts'
import type { Route } from './route.ts'
import type { Events } from './running-attempt.ts'
import type { Ticket } from './ticket.ts'

/** A request that was admitted, and where such requests may go. */
export interface Admitted {
  request: ChatRequest
  ticket: Ticket
  reach: Route['reach']
}

/** What else is done for a request. */
export interface Answering {
  /** Called before a kept answer is given; may refuse it. */
  onHit: () => Promise<void>
  /** A new answer. */
  make: () => Promise<AsyncGenerator<Events>>
}

/**
 * The kept answer of an equal request, else what `make` makes, which is kept when it is whole. Without a
 * cache, and where it is off, that is `make` itself.
 */
export async function cached(
  { cache }: Pick<GatewayDeps, 'cache'>,
  admitted: Admitted,
  answering: Answering,
): Promise<AsyncGenerator<Events>> {
  const plan = planOf(cache?.settings, admitted.request, admitted.ticket.call)
  if (!cache || plan === 'off') return answering.make()
  if (plan === 'bypass') return passedBy(admitted.ticket, answering)
  return throughCache(cache, { ...admitted, plan }, answering)
}

async function* passedBy(ticket: Ticket, { make }: Answering): AsyncGenerator<Events> {
  yield [lookup(ticket, 'bypass')]
  yield* await make()
}

async function* throughCache(
  cache: AnswerCache,
  wanted: Admitted & { plan: CachePlan },
  { onHit, make }: Answering,
): AsyncGenerator<Events> {
  const { request, ticket, reach, plan } = wanted
  const { call } = ticket
  const deployments = reach()
  const key = { request, call, deployments, namespace: plan.namespace }
  const place = placeOf(cache.settings, cache.digestKey, key)
  const found = await cache.find(place, plan, call.signal)
  if ('events' in found) {
    await onHit()
    yield replay(found, { request, ticket, deployments })
    return
  }
  if (plan.onlyIfCached) {
    found.drop('unfit')
    throw notCached('no equal request was answered lately')
  }
  yield* kept(cache, found, wanted, make)
}

interface Replaying extends Pick<Admitted, 'request' | 'ticket'> {
  deployments: readonly Deployment[]
}

/** A kept answer as this request gets it, all at once; warnings are about the request, so they are its own. */
function replay(answer: CachedAnswer, { ticket, request, deployments }: Replaying): Events {
  const { provider, model, events } = answer
  ticket.hit = answer
  ticket.timeToFirstTokenMs = performance.now() - ticket.startedAtMs
  const origin = deployments.find(({ modelId }) => modelId === model)
  const losses = origin ? lossesOf(origin, request) : []
  return [
    lookup(ticket, 'hit', { provider, model }),
    ...losses.map((message): ChatEvent => ({ type: 'warning', message })),
    ...events,
  ]
}

/** No event is shorter as JSON: an answer of more events than fit is not held on to. */
const eventCharsMin = 40

async function* kept(
  cache: AnswerCache,
  making: Making,
  { ticket, plan }: Admitted & { plan: CachePlan },
  make: Answering['make'],
): AsyncGenerator<Events> {
  const events: ChatEvent[] = []
  const eventsMax = cache.settings.entryBytesMax / eventCharsMin
  let end: 'left' | 'unfit' | 'whole' = 'left'
  try {
    yield [lookup(ticket, plan.read ? 'miss' : 'bypass')]
    for await (const batch of await make()) {
      if (events.length <= eventsMax) {
        for (const event of batch) if (isKept(event)) events.push(event)
      }
      yield batch
    }
    end = 'whole'
  } catch (error) {
    // Who is refused before any call was made leaves it to the next: its limits may have room.
    if (!ticket.call.signal.aborted && ticket.attempts.length > 0) end = 'unfit'
    throw error
  } finally {
    if (end === 'whole') await keep(cache, making, { events, ticket, plan })
    else making.drop(end)
  }
}

/** Keeps a whole answer of the deployment that was asked first; another's is one of a bad hour. */
async function keep(
  { settings }: AnswerCache,
  making: Making,
  { events, ticket, plan }: { events: ChatEvent[]; ticket: Ticket; plan: CachePlan },
): Promise<void> {
  const answering = ticket.answering?.closed
  const fellOver = ticket.attempts.some(({ status }) => status === 'failed')
  if (!answering || fellOver || !isWhole(events, settings.finishReasons)) {
    return making.drop('unfit')
  }
  const { provider, model, cost } = answering
  const usage = answering.usage ?? (await ticket.estimate(ticket.answering?.produced ?? ''))
  const storedAtMs = Date.now()
  const currency = cost?.currency
  const text = encodeEntry({ storedAtMs, provider, model, usage, currency, events })
  if (text.length > settings.entryBytesMax) return making.drop('unfit')
  making.keep({ text, ttlMs: plan.ttlMs, labels: labelsOf(ticket, model, plan) })
}

function labelsOf({ call }: Ticket, model: string, { namespace }: CachePlan): string[] {
  const tags = Object.entries(call.tags ?? {})
  return [
    labelOf.model(model),
    labelOf.apiKey(call.actor.id),
    labelOf.namespace(namespace),
    ...tags.map(([name, value]) => labelOf.tag(name, value)),
  ]
}

function lookup(
  ticket: Ticket,
  result: CacheResult,
  origin?: { provider: string; model: string },
): ChatEvent {
  ticket.cache = result
  return { type: 'cache-lookup', result, origin }
}
