import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { startProcess, type GatewayProcess } from '../process.ts'
import { copyEmbedded } from '../services.ts'
import { startOpenaiSimulator } from '../simulators/openai.ts'
import type { FuzzAnswer } from './answer.ts'

/** One HTTP request, however odd. */
export interface FuzzRequest {
  method: string
  path: string
  headers: OutgoingHttpHeaders
  body?: Buffer | undefined
}

/** The gateway as a process of its own, with the demo provider and a simulated one. */
export interface FuzzGateway extends GatewayProcess {
  url: string
  key: string
  send(request: FuzzRequest): Promise<FuzzAnswer>
  /** Bytes on the heap after a collection. */
  heap(): Promise<number>
  stop(): Promise<number | string>
}

export const bodyLimitBytes = 512 * 1024
const key = 'a-master-key-for-the-fuzz-test'
const answerMsMax = 30_000

export async function startFuzzGateway(): Promise<FuzzGateway> {
  const simulator = await startOpenaiSimulator()
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-fuzz-'))
  const dataDir = join(folder, 'data')
  copyEmbedded(inject('services'), dataDir)
  writeFileSync(
    join(folder, 'xrouter.toml'),
    `[server]
     body_limit_bytes = ${bodyLimitBytes}
     [providers.demo]
     token_delay_ms = 0
     [providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"`,
  )
  const collector = new URL('../../../scripts/soak/collect-garbage.ts', import.meta.url).href
  const gateway = startProcess(
    {
      LOG_LEVEL: 'error',
      NODE_OPTIONS: `--import=${collector}`,
      XROUTER_DATA_DIR: dataDir,
      XROUTER_MASTER_KEY: key,
    },
    folder,
  )
  const url = await gateway.printed(/^XRouter listens on (\S+)$/m)
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  return {
    ...gateway,
    url,
    key,
    send: (input) => send(url, agent, input),
    heap: async () => {
      // Each collection finalises what the one before has found.
      let least = Infinity
      for (let round = 0; round < 5; round += 1) {
        gateway.child.kill('SIGUSR2')
        least = Math.min(least, await heapOf(url))
      }
      return least
    },
    stop: async () => {
      agent.destroy()
      gateway.child.kill('SIGTERM')
      const code = await gateway.exited
      await simulator.close()
      rmSync(folder, { recursive: true, force: true })
      return code
    },
  }
}

/** An event stream that goes on for so long after its first piece is one that never ends. */
const endlessMs = 200

function send(url: string, agent: Agent, input: FuzzRequest): Promise<FuzzAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(url)
    const { method, path, headers, body } = input
    const outgoing = request({
      host,
      port,
      method,
      path,
      headers: framed(headers, body),
      agent,
      timeout: answerMsMax,
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer arrived in time')))
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      const type = response.headers['content-type'] ?? ''
      let leaving: NodeJS.Timeout | undefined
      const end = (text = Buffer.concat(chunks).toString()): void => {
        clearTimeout(leaving)
        resolve({ status: response.statusCode ?? 0, type, text })
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (type.startsWith('text/event-stream')) leaving ??= setTimeout(leave, endlessMs)
      })
      // What is told for as long as somebody listens has no end: the client leaves with what it has.
      const leave = (): void => {
        response.removeAllListeners('error').on('error', () => {})
        response.destroy()
        const text = Buffer.concat(chunks).toString()
        end(text.slice(0, text.lastIndexOf('\n\n') + 1))
      }
      response.on('error', reject)
      response.on('end', () => end())
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Node announces no body of DELETE and OPTIONS; the server would take it for the next request of the connection. */
function framed(headers: OutgoingHttpHeaders, body: Buffer | undefined): OutgoingHttpHeaders {
  if (body === undefined || 'transfer-encoding' in headers) return headers
  return { ...headers, 'content-length': body.length }
}

async function heapOf(url: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })
  const [, bytes] = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(await response.text()) ?? []
  return Number(bytes)
}
