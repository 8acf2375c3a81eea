import { type Agent, type Dispatcher, request } from 'undici'
import type { Connection, Provider, Send, UpstreamRequest } from '../providers/provider.ts'
import { connectionError } from './upstream-error.ts'
import { type CallLimits, pieces, startLimits } from './upstream-limits.ts'

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
): Promise<Dispatcher.ResponseData> {
  const { provider } = upstream
  const signed = await sign(upstream, unsigned, limits)
  const response = await send(upstream, signed, limits)
  if (response.statusCode !== 401 || !provider.renewCredential?.(signed)) return response
  // Not waited for: the refusal may stall, and the second try has a connection of its own.
  response.body.dump({ limit: ownBytesMax, signal: AbortSignal.timeout(dumpMsMax) }).catch(() => {})
  return send(upstream, await sign(upstream, unsigned, limits), limits)
}

/** A credential may have to be fetched for many requests at once: who leaves does not wait for it. */
async function sign(
  upstream: Upstream,
  unsigned: UpstreamRequest,
  { signal }: CallLimits,
): Promise<UpstreamRequest> {
  signal.throwIfAborted()
  const left = Promise.withResolvers<never>()
  const leave = (): void => left.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    const signed = upstream.provider.authorize(unsigned, (own) => sendOwn(upstream, own))
    return await Promise.race([signed, left.promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

async function send(
  { agent }: Upstream,
  { url, method, headers, body }: UpstreamRequest,
  limits: CallLimits,
): Promise<Dispatcher.ResponseData> {
  limits.awaitProvider('first-byte')
  const { signal } = limits
  const options = { method, headers, body: body ?? null, dispatcher: agent, signal }
  const response = await request(url, options)
  limits.heard()
  return response
}

/** What a provider asks on its own behalf serves more than one caller, so no caller ends it. */
export async function sendOwn(upstream: Upstream, own: UpstreamRequest): ReturnType<Send> {
  const { provider, connection } = upstream
  const limits = startLimits(shortened(connection), new AbortController().signal)
  let head = false
  let whole = false
  try {
    const response = await send(upstream, own, limits)
    head = true
    const body = parsed(await readText(pieces(response.body, limits)))
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
