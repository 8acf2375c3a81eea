import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

export type Database = PostgresJsDatabase

/** An open database and how to let go of it. */
export interface DatabaseHandle {
  db: Database
  sql: postgres.Sql
  close: () => Promise<void>
}

/** Where the database listens: a URL, or the folder of the embedded one's socket. */
export type DatabaseAddress = { url: string } | { socketPath: string }

export function connect(address: DatabaseAddress): DatabaseHandle {
  const sql =
    'url' in address
      ? postgres(address.url, { max: 10, onnotice: () => {} })
      : postgres({
          path: address.socketPath,
          username: 'postgres',
          database: 'postgres',
          // The socket serves one session: a second connection would mix its statements into the first.
          max: 1,
          onnotice: () => {},
        })
  return { db: drizzle({ client: sql }), sql, close: () => sql.end({ timeout: 5 }) }
}
