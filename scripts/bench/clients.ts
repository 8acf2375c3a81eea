import { createClient } from 'graphql-ws'
import { Pool } from 'undici'
import WebSocket from 'ws'
import type { LoadOrder } from './load.ts'
import { readStamps } from './stamp.ts'
import { tokensPerAnswer, type Work } from './workload.ts'

/** Called for each request that was answered, or each token that arrived, with how long it was on its way. */
export type Meter = (latencyMs: number) => void

/** Clients at work. */
export interface Clients {
  /** Rejects when one of them gets a wrong answer; never resolves. */
  failed: Promise<never>
  /** Begins nothing new; resolves when everything under way has its answer. */
  close(): Promise<void>
}

type Settings = Pick<LoadOrder, 'url' | 'key' | 'clients' | 'perSecond'>
/** Does one piece of work; the number tells clients apart. */
type Visit = (client: number) => Promise<void>

/** Starts clients that work until they are closed. */
export function openClients({ work, ...settings }: LoadOrder, meter: Meter): Clients {
  const { visit, end } = opened(work, settings, meter)
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const running = new Set<Promise<void>>()
  const tracked: Visit = (client) => {
    const visiting = visit(client).finally(() => running.delete(visiting))
    running.add(visiting)
    return visiting
  }
  const stop =
    settings.perSecond === undefined
      ? loops(settings.clients, tracked, failed.reject)
      : arrivals(settings.perSecond, tracked, failed.reject)
  return {
    failed: failed.promise,
    // What is under way ends by itself: a server that is left in mid-answer has more to do than one that is not.
    close: async () => {
      stop()
      await Promise.allSettled(running)
      await end()
    },
  }
}

function opened(work: Work, settings: Settings, meter: Meter) {
  switch (work.kind) {
    case 'request':
      return requests(work, settings, meter)
    case 'sse':
      return serverSent(work, settings, meter)
    case 'websocket':
      return webSockets(work, settings, meter)
    default:
      return work satisfies never
  }
}

/** Each client begins again when its answer is there. They start one after the other, as streams would fall into step. */
function loops(clients: number, visit: Visit, fail: (error: unknown) => void): () => void {
  const state = { running: true }
  const loop = async (client: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, (client * 500) / clients))
    while (state.running) await visit(client)
  }
  for (let client = 0; client < clients; client += 1) loop(client).catch(fail)
  return () => (state.running = false)
}

/** Requests begin at a steady rate, so that a server which falls behind does not slow down its measurement. */
function arrivals(perSecond: number, visit: Visit, fail: (error: unknown) => void): () => void {
  const startedAtMs = performance.now()
  let begun = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAtMs) / 1000) * perSecond
    for (; begun < due; begun += 1) visit(begun).catch(fail)
  }, 1)
  return () => clearInterval(timer)
}

function headersOf(key: string): Record<string, string> {
  return { 'content-type': 'application/json', authorization: `Bearer ${key}` }
}

function requests(
  { method, path, body, expected }: Extract<Work, { kind: 'request' }>,
  { url, key, clients }: Settings,
  meter: Meter,
) {
  const pool = new Pool(url, { connections: clients })
  const headers = headersOf(key)
  const visit = async (): Promise<void> => {
    const startedAtMs = performance.now()
    const response = await pool.request({ method, path, headers, body: body ?? null })
    const text = await response.body.text()
    if (!text.includes(expected)) throw unexpected(response.statusCode, text)
    meter(performance.now() - startedAtMs)
  }
  return { visit, end: () => pool.destroy() }
}

function serverSent(
  { path, body }: Extract<Work, { kind: 'sse' }>,
  { url, key, clients }: Settings,
  meter: Meter,
) {
  const pool = new Pool(url, { connections: clients })
  const headers = headersOf(key)
  const visit = async (): Promise<void> => {
    const response = await pool.request({ method: 'POST', path, headers, body })
    let open = ''
    let tokens = 0
    for await (const chunk of response.body) {
      const text = open + String(chunk)
      const end = text.lastIndexOf('\n') + 1
      tokens += readStamps(text.slice(0, end), meter)
      open = text.slice(end)
    }
    if (tokens !== tokensPerAnswer)
      throw unexpected(response.statusCode, `${tokens} tokens, ${open}`)
  }
  return { visit, end: () => pool.destroy() }
}

/** A connection for each client, as browsers have; its subscriptions come one after the other. */
function webSockets(
  { path, query, variables }: Extract<Work, { kind: 'websocket' }>,
  { url, key, clients }: Settings,
  meter: Meter,
) {
  const count = (text: string): number => readStamps(text, meter)
  class MeasuredWebSocket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols)
      this.on('message', (data: Buffer) => count(data.toString('utf8')))
    }
  }
  const open = Array.from({ length: clients }, () =>
    createClient({
      url: `${url.replace('http', 'ws')}${path}`,
      connectionParams: { authorization: `Bearer ${key}` },
      webSocketImpl: MeasuredWebSocket,
      lazy: true,
      lazyCloseTimeout: 60_000,
      retryAttempts: 0,
    }),
  )
  const visit = (client: number): Promise<void> =>
    new Promise((resolve, reject) => {
      open[client % clients]?.subscribe<{ completion: { error?: object } }>(
        { query, variables: { ...variables } },
        {
          next: ({ data, errors }) => {
            if (errors || data?.completion.error) reject(unexpected(200, JSON.stringify(data)))
          },
          error: (error) => reject(error instanceof Error ? error : new Error(String(error))),
          complete: resolve,
        },
      )
    })
  const end = async (): Promise<void> => {
    for (const client of open) await client.dispose()
  }
  return { visit, end }
}

function unexpected(status: number, text: string): Error {
  return new Error(`an unexpected answer with status ${status}: ${text.slice(0, 300)}`)
}
