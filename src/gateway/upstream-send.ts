import type { Agent } from 'undici'
import { End } from '../lib/ending.ts'
import type { Connection, Provider, Send, UpstreamRequest } from '../providers/provider.ts'
import { connectionError, neverConnected } from './upstream-error.ts'
import { destinationOf, exchange, type UpstreamResponse } from './upstream-exchange.ts'
import { CallLimits } from './upstream-limits.ts'

/** A provider and its connections. */
export interface Upstream {
  provider: Provider
  connection: Connection
  agent: Agent
}

const ownMsMax = 30_000
const ownBytesMax = 256 * 1024
const dumpMsMax = 1_000

/**
 * Signs and sends a request; once more where its credential was refused and the provider has another.
 */
export async function sendSigned(
  upstream: Upstream,
  unsigned: UpstreamRequest,
  limits: CallLimits,
): Promise<UpstreamResponse> {
  const { provider } = upstream
  const { signed, response } = await reach(upstream, unsigned, limits)
  if (response.statusCode !== 401 || !provider.renewCredential?.(signed)) return response
  // Not waited for: the refusal may stall, and the second try has a connection of its own.
  response.body.discard({ bytes: ownBytesMax, ms: dumpMsMax })
  return send(upstream, await sign(upstream, unsigned, limits), limits)
}

/** Where nobody can be connected to, the provider may have another place, to which signing leads. */
async function reach(
  upstream: Upstream,
  unsigned: UpstreamRequest,
  limits: CallLimits,
): Promise<{ signed: UpstreamRequest; response: UpstreamResponse }> {
  for (;;) {
    const signed = await sign(upstream, unsigned, limits)
    try {
      return { signed, response: await send(upstream, signed, limits) }
    } catch (error) {
      if (!neverConnected(error) || !upstream.provider.passOver?.(signed)) throw error
    }
  }
}

/** A credential may have to be fetched for many requests at once: who leaves does not wait for it. */
async function sign(
  upstream: Upstream,
  unsigned: UpstreamRequest,
  limits: CallLimits,
): Promise<UpstreamRequest> {
  limits.throwIfCut()
  const signed = upstream.provider.authorize(unsigned, (own) => sendOwn(upstream, own))
  if (!(signed instanceof Promise)) return signed
  const left = Promise.withResolvers<never>()
  limits.onCut((reason) => left.reject(reason))
  return Promise.race([signed, left.promise])
}

function send(
  { agent }: Upstream,
  request: UpstreamRequest,
  limits: CallLimits,
): Promise<UpstreamResponse> {
  return exchange(agent, destinationOf(request.url), { request, limits })
}

/** What a provider asks on its own behalf serves more than one caller, so no caller ends it. */
export async function sendOwn(upstream: Upstream, own: UpstreamRequest): ReturnType<Send> {
  const { provider, connection } = upstream
  const limits = new CallLimits(shortened(connection), new End())
  let head = false
  let whole = false
  try {
    const response = await send(upstream, own, limits)
    head = true
    const body = parsed(await readText(response.body))
    whole = true
    return { status: response.statusCode, headers: response.headers, body }
  } catch (error) {
    const { reached } = limits
    throw connectionError(error, { provider: provider.id, connection, head, reached })
  } finally {
    limits.close({ whole })
  }
}

function shortened(connection: Connection): Connection {
  return { ...connection, timeoutTotalMs: Math.min(connection.timeoutTotalMs, ownMsMax) }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    if (bytes > ownBytesMax) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
