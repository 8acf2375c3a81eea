import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Target } from './measure.ts'
import { deploymentsOfMany, manyDeployments, upstreamModel } from './workload.ts'

export interface BenchGateway extends Target {
  pid: number
  stop(): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The gateway as `npm start` starts it, with a key of its own, of the tier without limits; its log goes to a file. */
export async function startGateway(settings: {
  upstream: string
  /** Postgres; absent for the embedded database. */
  databaseUrl?: string | undefined
  /** Redis; absent where the limits are the process's own. */
  redisUrl?: string | undefined
  /** Further options of Node, as those of its profiler. */
  nodeOptions?: string | undefined
}): Promise<BenchGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-bench-'))
  writeFileSync(join(folder, 'xrouter.toml'), configuration(settings.upstream))
  const masterKey = `bench-${randomBytes(16).toString('hex')}`
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(process.execPath, startArguments(settings.nodeOptions), {
    cwd: folder,
    stdio: ['ignore', 'pipe', log],
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      NODE_ENV: 'production',
      XROUTER_DATA_DIR: join(folder, 'data'),
      XROUTER_MASTER_KEY: masterKey,
      ...(settings.databaseUrl !== undefined && {
        DATABASE_URL: settings.databaseUrl,
        XROUTER_SECRET: 'bench',
      }),
      ...(settings.redisUrl !== undefined && { REDIS_URL: settings.redisUrl }),
    },
  })
  const exited = once(child, 'exit')
  const url = await listeningUrl(child.stdout, exited, join(folder, 'log'))
  const { secret: key } = await createKey(url, masterKey)
  const limited = await createKey(url, masterKey)
  await limitKey(url, masterKey, limited.apiKey.id)
  return {
    url,
    key,
    limitedKey: limited.secret,
    model: `openai/${upstreamModel}`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The options of Node that are in the start script, so that the bench runs what operators run. */
function startArguments(nodeOptions = ''): string[] {
  const manifest = z.object({ scripts: z.object({ start: z.string() }) })
  const { scripts } = manifest.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  const [, ...words] = scripts.start.split(' ')
  const script = words.pop() ?? ''
  return [...words, ...nodeOptions.split(' ').filter((word) => word !== ''), join(root, script)]
}

function configuration(upstream: string): string {
  // Of one provider, as the plain requests are: connections to several would be measured as well.
  const models = [upstreamModel, 'gpt-4o']
  const keys = Array.from({ length: deploymentsOfMany / models.length }, (_, at) => `"sk-${at}"`)
  const names = models.map((model) => `"pool/${model}"`).join(', ')
  return `
[providers.openai]
base_url = "${upstream}/v1"
api_key = "sk-bench"
[providers.pool]
type = "openai"
base_url = "${upstream}/v1"
api_keys = [${keys.join(', ')}]
[models.${manyDeployments}]
strategy = "least-latency"
deployments = [${names}]
[cache]
enabled = true
mode = "on_request"
`
}

async function listeningUrl(
  stdout: Readable | null,
  exited: Promise<unknown>,
  log: string,
): Promise<string> {
  let printed = ''
  const listening = Promise.withResolvers<string>()
  stdout?.on('data', (chunk) => {
    printed += String(chunk)
    const url = /^XRouter listens on (\S+)$/m.exec(printed)?.[1]
    if (url !== undefined) listening.resolve(url)
  })
  const ended = exited.then(() => {
    throw new Error(`the gateway did not start: ${readFileSync(log, 'utf8').slice(-2000)}`)
  })
  return Promise.race([listening.promise, ended])
}

const createdSchema = z.object({ secret: z.string(), apiKey: z.object({ id: z.string() }) })
const answerSchema = z.object({ data: z.record(z.string(), z.unknown()) })

async function createKey(url: string, masterKey: string): Promise<z.infer<typeof createdSchema>> {
  const { createApiKey } = await mutate(
    { url, masterKey },
    'createApiKey(input: { name: "bench", tier: "enterprise", scopes: [INFERENCE, READ] }) { secret apiKey { id } }',
  )
  return createdSchema.parse(createApiKey)
}

/** Every kind of limit that a key can have, none of which is ever reached. */
async function limitKey(url: string, masterKey: string, id: string): Promise<void> {
  const on = `scope: KEY, subject: ${JSON.stringify(id)}`
  const rates =
    '{ requestsPerMinute: 2000000000, tokensPerMinute: 2000000000, concurrency: 1000000 }'
  await mutate(
    { url, masterKey },
    `setRateLimit(input: { ${on}, rates: ${rates} }) { id }
    createBudget(input: { ${on}, name: "bench", limit: "9000000", currency: "USD", period: MONTH }) { id }`,
  )
}

async function mutate(
  { url, masterKey }: { url: string; masterKey: string },
  fields: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${masterKey}` },
    body: JSON.stringify({ query: `mutation { ${fields} }` }),
  })
  const answer: unknown = await response.json()
  const parsed = answerSchema.safeParse(answer)
  if (!parsed.success) throw new Error(`the gateway refused: ${JSON.stringify(answer)}`)
  return parsed.data.data
}
