import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '../../src/db/embedded.ts'
import { migrate } from '../../src/db/migrate.ts'
import { findPostgres, onServer, startPostgres } from './services-postgres.ts'
import { findRedis, startRedis } from './services-redis.ts'

/** What the whole run shares; tests read it with `inject`. */
export interface SharedServices {
  /** A folder with an embedded database at the newest schema; copying it is faster than making one. */
  embeddedTemplate: string
  /** A private Postgres and Redis, where their binaries are on the machine. */
  real: { postgresUrl: string; redisUrl: string } | null
}

declare module 'vitest' {
  export interface ProvidedContext {
    services: SharedServices
    /** Which database `startGateway()` uses in this project. */
    database: 'embedded' | 'postgres'
  }
}

export const templateDatabase = 'xrouter_template'

/** Which of the services' binaries are not on this machine. */
export function missingServices(): string[] {
  return [
    ...(findPostgres() === undefined ? ['Postgres'] : []),
    ...(findRedis() === undefined ? ['Redis'] : []),
  ]
}

/** Vitest calls it once before all tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = missingServices()
  if (missing.length > 0 && process.env['XROUTER_REQUIRE_SERVICES'] === '1') {
    throw new Error(`XROUTER_REQUIRE_SERVICES is set and there is no ${missing.join(', no ')}.`)
  }
  const [embedded, real] = await Promise.all([
    embeddedTemplate(),
    missing.length === 0 ? realServices() : null,
  ])
  project.provide('services', { embeddedTemplate: embedded.folder, real: real?.urls ?? null })
  return async () => {
    embedded.remove()
    await real?.stop()
  }
}

async function embeddedTemplate(): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-template-'))
  const embedded = await startEmbedded(folder)
  await migrate(embedded)
  await embedded.stop()
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Puts a copy of the template into a data folder. */
export function copyEmbedded(services: SharedServices, dataDir: string): void {
  cpSync(join(services.embeddedTemplate, 'postgres'), join(dataDir, 'postgres'), {
    recursive: true,
  })
}

async function realServices() {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  await onServer(postgres.urlOf('postgres'), (sql) =>
    sql.unsafe(`create database ${templateDatabase}`),
  )
  await migrate({ url: postgres.urlOf(templateDatabase) })
  return {
    urls: { postgresUrl: postgres.urlOf('postgres'), redisUrl: redis.url },
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop()])
    },
  }
}
