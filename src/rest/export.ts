import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { GatewayDeps } from '../gateway/deps.ts'
import { refuseWhenDraining } from '../gateway/shutdown.ts'
import { reasonOf } from '../lib/reason.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ServiceDeps } from '../services/deps.ts'
import { exportRequests } from '../services/request-export.ts'
import { exportUsage } from '../services/usage-export.ts'
import { requestColumns, usageColumns } from './export-columns.ts'
import { exportText, formatFor, mediaTypes, type ExportFormat } from './export-format.ts'
import { parsedQuery, requestQuery, usageQuery } from './export-query.ts'

export interface ExportRoute {
  services: ServiceDeps
  gateway: Pick<GatewayDeps, 'shutdown' | 'logger'>
}

/** `GET /v1/usage/export`: what was used, a row for each group and currency. */
export function sendUsage(
  route: ExportRoute,
  actor: Actor,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { format: named, ...query } = parsedQuery(usageQuery, reply.request.query)
  const format = named ?? formatFor(reply.request.headers.accept)
  const pages = exportUsage(route.services, actor, query)
  const text = exportText(pages, { format, columns: usageColumns })
  return send(route, { name: 'usage', format, text }, reply)
}

/** `GET /v1/requests/export`: the log, newest first. */
export function sendRequests(
  route: ExportRoute,
  actor: Actor,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { format: named, ...filter } = parsedQuery(requestQuery, reply.request.query)
  const format = named ?? formatFor(reply.request.headers.accept)
  const pages = exportRequests(route.services, actor, filter)
  const text = exportText(pages, { format, columns: requestColumns })
  return send(route, { name: 'requests', format, text }, reply)
}

/**
 * Sends pieces as they are read, the next when the client has taken the last. What fails before the first piece
 * is an error as any other; what fails later breaks the connection, so that no cut file looks whole.
 */
async function send(
  { gateway: { shutdown, logger } }: ExportRoute,
  { name, format, text }: { name: string; format: ExportFormat; text: AsyncGenerator<string> },
  reply: FastifyReply,
): Promise<FastifyReply> {
  refuseWhenDraining(shutdown)
  const first = await text.next()
  const body = Readable.from(beginningWith(first, text), { objectMode: false })
  const stop = (): void => void body.destroy(new Error('the gateway is stopping'))
  body.once('close', shutdown.enter(stop))
  body.once('error', (error) => {
    logger.warn({ requestId: reply.request.id, reason: reasonOf(error) }, 'an export broke off')
  })
  return reply
    .type(mediaTypes[format])
    .header('content-disposition', `attachment; filename="${name}.${format}"`)
    .header('cache-control', 'no-store')
    .send(body)
}

async function* beginningWith(
  first: IteratorResult<string>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<string> {
  if (!first.done) yield first.value
  yield* rest
}
