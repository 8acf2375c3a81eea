import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import { sql as statement } from 'drizzle-orm'
import postgres from 'postgres'
import { SessionPool, type ConnectionOptions, type Session, type Statement } from './pool.ts'

export type Database = PostgresJsDatabase

/** An open database and how to let go of it. */
export interface DatabaseHandle {
  db: Database
  address: DatabaseAddress
  close: () => Promise<void>
}

/** Where the database listens: a URL, or the folder of the embedded one's socket. */
export type DatabaseAddress = { url: string } | { socketPath: string }

const connectTimeoutS = 5
const closeMsMax = 5_000

export interface ConnectOptions {
  /** How long a query or a transaction may take; the embedded database has no bound. */
  operationMsMax?: number
}

/** Connects on the first query, and again after the database was away. */
export function connect(address: DatabaseAddress, options: ConnectOptions = {}): DatabaseHandle {
  const { operationMsMax = 10_000 } = options
  const open = (more: ConnectionOptions): postgres.Sql => openClient(address, more)
  const pool = new SessionPool(
    'url' in address
      ? { open, sessionsMax: 10, operationMsMax }
      : // The socket serves one session: a second connection would mix its statements into the first.
        { open, sessionsMax: 1 },
  )
  const db = drizzle({ client: asDriver(pool) })
  return { db, address, close: () => pool.close(closeMsMax) }
}

/** One client of the driver, without our pool. */
export function openClient(address: DatabaseAddress, options: ConnectionOptions): postgres.Sql {
  return 'url' in address
    ? postgres(address.url, { connect_timeout: connectTimeoutS, onnotice: () => {}, ...options })
    : postgres({
        path: address.socketPath,
        username: 'postgres',
        database: 'postgres',
        onnotice: () => {},
        ...options,
      })
}

/** Whether the database answers now. */
export async function databaseStatus(db: Database): Promise<'ok' | 'unreachable'> {
  const timeout = Promise.withResolvers<'unreachable'>()
  const timer = setTimeout(() => timeout.resolve('unreachable'), 1_000)
  const answer = db.execute(statement`select 1`).then(
    () => 'ok' as const,
    () => 'unreachable' as const,
  )
  return Promise.race([answer, timeout.promise]).finally(() => clearTimeout(timer))
}

/** Drizzle's session calls `unsafe` and `begin`, and sets parsers in `options`; it touches nothing else of a client. */
function asDriver(pool: SessionPool): postgres.Sql {
  const driver = {
    options: pool.types,
    unsafe: unsafeOver((each) => pool.query(each)),
    begin: <T>(work: (client: unknown) => Promise<T>): Promise<T> =>
      pool.transaction((session) => work(sessionDriver(session))),
  }
  return driver as unknown as postgres.Sql
}

/** Inside a transaction drizzle calls `unsafe` only; nested transactions are not used. */
function sessionDriver(session: Session): unknown {
  return { unsafe: unsafeOver((each) => session.run(each)) }
}

/** As the driver's own: a query runs when it is awaited, which leaves time to ask for arrays. */
function unsafeOver(run: (each: Statement) => Promise<unknown>) {
  return (
    text: string,
    parameters: Statement['parameters'],
    { prepare }: Pick<Statement, 'prepare'>,
  ): Promise<unknown> => {
    let values = false
    const rows = Promise.resolve().then(() => run({ text, parameters, prepare, values }))
    const asArrays = (): Promise<unknown> => {
      values = true
      return rows
    }
    return Object.assign(rows, { values: asArrays })
  }
}
