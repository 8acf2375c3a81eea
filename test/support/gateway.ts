import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import OpenAI from 'openai'
import { pino } from 'pino'
import { loadConfig, type Environment } from '../../src/config.ts'
import type { ProviderType } from '../../src/providers/provider.ts'
import type { Scope } from '../../src/protocol/actor.ts'
import { insertApiKey, defaultOrganization } from '../../src/services/api-keys.ts'
import { start, type Running } from '../../src/start.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import type { DatabaseAddress } from '../../src/db/client.ts'
import { apiKeyHasher, embeddedSecret } from '../../src/lib/secret.ts'
import { inject } from 'vitest'
import { createDatabase, realServices, testSecret } from './databases.ts'
import { copyEmbedded } from './services.ts'

export interface TestGateway {
  url: string
  /** A key with the scope ADMIN. */
  adminKey: string
  /** Every line that was logged so far. */
  logs: () => string
  /** The official client, pointed at this gateway; it does not retry. */
  openai: (key?: string) => OpenAI
  /** A POST to /graphql. */
  graphql: <T>(query: string, variables?: object, key?: string) => Promise<GraphqlAnswer<T>>
  /** A further key, straight into the database. */
  createKey: (input?: Partial<KeyInput>) => Promise<{ id: string; secret: string }>
  running: Running
  stop: () => Promise<void>
}

export interface GraphqlAnswer<T> {
  data: T
  errors?: { message: string; extensions?: { code?: string } }[]
}

interface KeyInput {
  scopes: Scope[]
  models: string[] | null
  tier: string
  expiresAt: Date
  organization: string
}

/**
 * A whole gateway in this process: configuration text in, real sockets and a real database out. On which
 * database, and whether with Redis, is a matter of the vitest project; `environment` may say otherwise. `types` are the kinds of providers, all that there are unless told.
 */
export async function startGateway(
  toml = '',
  environment: Environment = {},
  types?: readonly ProviderType[],
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-test-'))
  const file = join(folder, 'xrouter.toml')
  writeFileSync(file, toml.includes('[resilience]') ? toml : toml + forgetful)
  const storage = await freshStorage(join(folder, 'data'), environment)
  const settings = { PORT: '0', ...storage.environment, ...environment }
  const config = loadConfig(settings, file, types)
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const running = await start(config, pino({ level: 'debug', base: null }, sink))
  const adminKey = running.firstAdminKey ?? config.masterKey ?? ''
  return {
    url: running.url,
    adminKey,
    logs: () => lines.join(''),
    openai: (key = adminKey) =>
      new OpenAI({ apiKey: key, baseURL: `${running.url}/v1`, maxRetries: 0 }),
    graphql: async (query, variables, key = adminKey) => {
      const response = await fetch(`${running.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ query, variables }),
      })
      return response.json() as never
    },
    createKey: async (input = {}) =>
      insertApiKey(
        running.db,
        apiKeyHasher(config.secret ?? embeddedSecret(config.storage.dataDir)),
        {
          organization: defaultOrganization,
          name: 'test',
          tier: 'enterprise',
          scopes: ['INFERENCE'],
          models: null,
          ...input,
        },
      ),
    running,
    stop: async () => {
      await running.stop(1_000)
      await storage.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Unless a test is about just that: what one test does to a provider is nothing to the next one. */
const forgetful = `
[resilience]
max_retries = 0
ejection = false
cooldown = false
breaker = false
shed = false
`

/** Where a test gateway keeps its data: a fresh database of the project's kind. */
async function freshStorage(
  dataDir: string,
  given: Environment,
): Promise<{ environment: Environment; remove: () => Promise<void> }> {
  const environment: Environment = { XROUTER_DATA_DIR: dataDir }
  if (given['DATABASE_URL'] !== undefined || given['XROUTER_DATA_DIR'] !== undefined) {
    return { environment: { ...environment, XROUTER_SECRET: testSecret }, remove: async () => {} }
  }
  if (inject('database') === 'embedded') {
    copyEmbedded(inject('services'), dataDir)
    return { environment, remove: async () => {} }
  }
  const { url, drop } = await createDatabase()
  return {
    environment: {
      ...environment,
      DATABASE_URL: url,
      REDIS_URL: realServices().redisUrl,
      XROUTER_SECRET: testSecret,
    },
    remove: drop,
  }
}

/** A migrated database of the project's kind, without a gateway. */
export async function startDatabase(): Promise<{
  address: DatabaseAddress
  stop: () => Promise<void>
}> {
  if (inject('database') === 'postgres') {
    const { url, drop } = await createDatabase()
    return { address: { url }, stop: drop }
  }
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-test-'))
  copyEmbedded(inject('services'), folder)
  const embedded = await startEmbedded(folder)
  return {
    address: embedded,
    stop: async () => {
      await embedded.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
