import { fileURLToPath } from 'node:url'
import { migrate as run } from 'drizzle-orm/postgres-js/migrator'
import type { Database } from './client.ts'

const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url))

/** Brings the database to the newest schema. */
export async function migrate(db: Database): Promise<void> {
  await run(db, { migrationsFolder })
}
