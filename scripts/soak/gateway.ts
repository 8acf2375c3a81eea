import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { parseMetrics, sumOf } from '../../test/support/metrics.ts'
import { startProcess } from '../../test/support/process.ts'
import type { SoakUpstream } from './upstream.ts'

/** What the gateway says of itself at one moment, its garbage collected. */
export interface Reading {
  atMs: number
  heapMb: number
  rssMb: number
  externalMb: number
  openFiles: number
  requests: number
  streamsOpen: number
  journalBacklog: number
  journalErrors: number
}

export interface LedgerCount {
  byStatus: Record<string, number>
  ids: Set<string>
  duplicates: number
}

export interface SoakGateway {
  url: string
  key: string
  /** Where it keeps its data. */
  storage: string
  read(): Promise<Reading>
  /** Requests on the ledger since the start, page by page through the API. */
  countLedger(): Promise<LedgerCount>
  /** Lines that it logged as errors. */
  errors: () => string[]
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | string>
}

const collected = 500
const megabyte = 1024 ** 2

/** The gateway as a process of its own, as an operator starts it, with the simulator as two providers. */
export async function startSoakGateway(upstream: SoakUpstream): Promise<SoakGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-soak-'))
  writeFileSync(join(folder, 'xrouter.toml'), configuration(upstream))
  const key = `soak-${randomBytes(16).toString('hex')}`
  const { DATABASE_URL, REDIS_URL, XROUTER_SECRET = 'soak' } = process.env
  const gateway = startProcess(
    {
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      NODE_OPTIONS: `--import=${new URL('./collect-garbage.ts', import.meta.url).href}`,
      XROUTER_DATA_DIR: join(folder, 'data'),
      XROUTER_MASTER_KEY: key,
      ...(DATABASE_URL !== undefined && { DATABASE_URL, XROUTER_SECRET }),
      ...(REDIS_URL !== undefined && { REDIS_URL }),
    },
    folder,
  )
  const url = await gateway.printed(/^XRouter listens on (\S+)$/m)
  const newestBefore = (await page(url, key)).ids[0]
  return {
    url,
    key,
    storage: `${DATABASE_URL ? 'Postgres' : 'embedded database'}, ${REDIS_URL ? 'Redis' : 'no Redis'}`,
    read: async () => {
      gateway.child.kill('SIGUSR2')
      await wait(collected)
      return readMetrics(url, key)
    },
    countLedger: () => countLedger({ url, key, newestBefore }),
    errors: () =>
      gateway
        .stderr()
        .split('\n')
        .filter((line) => line !== ''),
    stop: async () => {
      gateway.child.kill('SIGTERM')
      const code = await gateway.exited
      rmSync(folder, { recursive: true, force: true })
      return code
    },
  }
}

function configuration({ url, apiKey }: SoakUpstream): string {
  return `
[providers.openai]
base_url = "${url}"
api_key = "${apiKey}"

[providers.hasty]
type = "openai"
base_url = "${url}"
api_key = "${apiKey}"
timeout_first_byte_ms = 300
timeout_idle_ms = 300

[fallbacks]
"hasty/gpt-4o-mini" = ["openai/gpt-4o-mini"]
`
}

async function readMetrics(url: string, key: string): Promise<Reading> {
  const headers = { authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/metrics`, { headers })
  const samples = parseMetrics(await response.text())
  return {
    atMs: performance.now(),
    heapMb: sumOf(samples, 'nodejs_heap_size_used_bytes') / megabyte,
    rssMb: sumOf(samples, 'process_resident_memory_bytes') / megabyte,
    externalMb: sumOf(samples, 'nodejs_external_memory_bytes') / megabyte,
    openFiles: sumOf(samples, 'process_open_fds'),
    requests: sumOf(samples, 'xrouter_requests_total'),
    streamsOpen: sumOf(samples, 'xrouter_streams_open'),
    journalBacklog: sumOf(samples, 'xrouter_journal_backlog'),
    journalErrors: sumOf(samples, 'xrouter_journal_errors_total'),
  }
}

const pageSchema = z.object({
  data: z.object({
    requests: z.object({
      edges: z.array(z.object({ node: z.object({ id: z.string(), status: z.string() }) })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  }),
})

async function page(url: string, key: string, after?: string | null) {
  const query = `query ($after: String) { requests(first: 100, after: $after) {
    edges { node { id status } } pageInfo { hasNextPage endCursor } } }`
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables: { after: after ?? null } }),
  })
  const { edges, pageInfo } = pageSchema.parse(await response.json()).data.requests
  const nodes = edges.map((edge) => edge.node)
  return {
    nodes,
    ids: nodes.map((node) => node.id),
    next: pageInfo.hasNextPage && pageInfo.endCursor,
  }
}

async function countLedger(settings: {
  url: string
  key: string
  newestBefore: string | undefined
}): Promise<LedgerCount> {
  const count: LedgerCount = { byStatus: {}, ids: new Set(), duplicates: 0 }
  let after: string | undefined
  for (;;) {
    const { nodes, next } = await page(settings.url, settings.key, after)
    for (const { id, status } of nodes) {
      if (id === settings.newestBefore) return count
      if (count.ids.has(id)) count.duplicates += 1
      count.ids.add(id)
      count.byStatus[status] = (count.byStatus[status] ?? 0) + 1
    }
    if (!next) return count
    after = next
  }
}
