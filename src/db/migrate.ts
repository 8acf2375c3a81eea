import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as run } from 'drizzle-orm/postgres-js/migrator'
import type postgres from 'postgres'
import { reasonOf } from '../lib/reason.ts'
import { openClient, type DatabaseAddress } from './client.ts'

const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url))

/** Any number that nobody else locks in this database. */
const lockId = 4_711_000_001

/**
 * Brings the database to the newest schema. Of several instances that start at once one migrates and the
 * others wait; the embedded database, whose locks exclude nobody, belongs to one process by its folder's lock.
 */
export async function migrate(address: DatabaseAddress): Promise<void> {
  const sql = openClient(address, { max: 1, max_lifetime: null, fetch_types: false })
  try {
    await lock(sql, address)
    await run(drizzle({ client: sql }), { migrationsFolder })
  } finally {
    // The lock ends with the connection.
    await sql.end({ timeout: 5 })
  }
}

/** Postgres could not be used at the start: where it was looked for and why, without the credentials. */
export class DatabaseUnreachableError extends Error {
  constructor(address: DatabaseAddress, cause: unknown) {
    super(
      `The database ${placeOf(address)} cannot be used (${reasonOf(cause)}). Check DATABASE_URL and that Postgres runs.`,
      { cause },
    )
    this.name = 'DatabaseUnreachableError'
  }
}

/** The first statement on the connection: that it fails means that there is no usable database. */
async function lock(sql: postgres.Sql, address: DatabaseAddress): Promise<void> {
  try {
    await sql`select pg_advisory_lock(${lockId})`
  } catch (error) {
    throw new DatabaseUnreachableError(address, error)
  }
}

function placeOf(address: DatabaseAddress): string {
  if (!('url' in address)) return address.socketPath
  const { host, pathname } = new URL(address.url)
  return `at ${host}${pathname}`
}
