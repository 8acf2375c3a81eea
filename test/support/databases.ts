import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { onServer } from './services-postgres.ts'
import { templateDatabase } from './services.ts'

/** A database to run a gateway process on. */
export interface DatabaseUnderTest {
  name: string
  /** The variables that point a gateway at a fresh one. */
  environment: () => Promise<Record<string, string>>
}

/** The database of the project that the test runs in. */
export function databasesUnderTest(): DatabaseUnderTest[] {
  if (inject('database') === 'embedded') return [{ name: 'PGlite', environment: async () => ({}) }]
  return [
    {
      name: 'Postgres',
      environment: async () => ({
        DATABASE_URL: (await createDatabase()).url,
        REDIS_URL: realServices().redisUrl,
        XROUTER_SECRET: testSecret,
      }),
    },
  ]
}

export const testSecret = 'a-secret-for-tests-alone'

export interface TestDatabase {
  url: string
  drop: () => Promise<void>
}

/** A new database in the private Postgres: at the newest schema, or empty. */
export async function createDatabase(
  content: 'migrated' | 'empty' = 'migrated',
): Promise<TestDatabase> {
  const { postgresUrl } = realServices()
  const name = `test_${randomBytes(6).toString('hex')}`
  const template = content === 'migrated' ? `template ${templateDatabase}` : ''
  await onServer(postgresUrl, (sql) => sql.unsafe(`create database ${name} ${template}`))
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: async () => {
      await onServer(postgresUrl, (sql) =>
        sql.unsafe(`drop database if exists ${name} with (force)`),
      )
    },
  }
}

/** The private Postgres and Redis of this run. */
export function realServices(): { postgresUrl: string; redisUrl: string } {
  const { real } = inject('services')
  if (!real) throw new Error('Postgres and Redis are not on this machine')
  return real
}
