import postgres from 'postgres'
import { GatewayError } from '../errors.ts'
import { reasonOf } from '../lib/reason.ts'

export type ConnectionOptions = postgres.Options<Record<string, never>>

export interface PoolSettings {
  /** Opens one client of the driver; what it gets goes into the driver's options. */
  open(options: ConnectionOptions): postgres.Sql
  sessionsMax: number
  /** How long a query or a transaction may take, the wait for a session included; none = no bound. */
  operationMsMax?: number
}

/** The database did not answer in time, or cannot be reached at all; clients are told no more than that. */
class DatabaseUnavailableError extends GatewayError {
  constructor(reason: string, options?: ErrorOptions) {
    const message = 'The database cannot be asked right now; send the request again.'
    super({ code: 'OVERLOADED', message, cause: new Error(reason, options) })
    this.name = 'DatabaseUnavailableError'
  }
}

export interface Statement {
  text: string
  parameters: postgres.ParameterOrJSON<never>[]
  prepare: boolean
  /** Rows as arrays, not as objects. */
  values: boolean
}

/** After a failed connection the next ones fail at once for this long: a flood of requests is not a flood of connects. */
const failFastMs = 200
const sessionMsMax = 30 * 60_000

/**
 * A pool in which a session is one connection of the driver, thrown away when it breaks. The driver's own
 * pool kills the process when a connection breaks inside a transaction, and does not always reconnect.
 */
export class SessionPool {
  readonly #settings: PoolSettings
  readonly #sessions = new Set<Session>()
  readonly #idle: Session[] = []
  readonly #waiting = new Set<PromiseWithResolvers<Session>>()
  #failure: { error: unknown; until: number } | undefined
  #closed = false
  /** What every session parses and serialises by; drizzle writes its own functions here. */
  readonly types: { parsers: object; serializers: object } = { parsers: {}, serializers: {} }

  constructor(settings: PoolSettings) {
    this.#settings = settings
  }

  query(statement: Statement): Promise<unknown> {
    return this.#within((session) => session.run(statement))
  }

  /** Commits what `work` did, or rolls all of it back when it throws. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#within(async (session) => {
      await session.command('begin')
      try {
        const result = await work(session)
        await session.command('commit')
        return result
      } catch (error) {
        if (session.alive) await session.command('rollback').catch(() => session.end())
        throw error
      }
    })
  }

  /** Lets running work end, for a bounded time. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    for (const waiter of this.#waiting) waiter.reject(poolClosed())
    this.#waiting.clear()
    await Promise.all([...this.#sessions].map((session) => session.close(timeoutMs)))
  }

  async #within<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const expiry = expiryAfter(this.#settings.operationMsMax)
    try {
      const session = await this.#acquire(expiry.promise)
      try {
        return await Promise.race([work(session), expiry.promise])
      } catch (error) {
        if (error instanceof DatabaseUnavailableError) session.end()
        throw error
      } finally {
        this.#release(session)
      }
    } finally {
      expiry.clear()
    }
  }

  async #acquire(expiry: Promise<never>): Promise<Session> {
    if (this.#closed) throw poolClosed()
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#sessions.size < this.#settings.sessionsMax) return this.#open()
    const waiter = Promise.withResolvers<Session>()
    this.#waiting.add(waiter)
    try {
      return await Promise.race([waiter.promise, expiry])
    } finally {
      this.#waiting.delete(waiter)
    }
  }

  #open(): Session {
    if (this.#failure && Date.now() < this.#failure.until) {
      throw new DatabaseUnavailableError(reasonOf(this.#failure.error))
    }
    const session = new Session(
      (options) => this.#settings.open(options),
      this.types,
      (error) => {
        if (!this.#sessions.delete(session)) return
        const place = this.#idle.indexOf(session)
        if (place !== -1) this.#idle.splice(place, 1)
        if (error) this.#failure = { error, until: Date.now() + failFastMs }
        this.#serveWaiting()
      },
    )
    this.#sessions.add(session)
    return session
  }

  #release(session: Session): void {
    if (!session.alive) return
    const [waiter] = this.#waiting
    if (waiter) {
      this.#waiting.delete(waiter)
      waiter.resolve(session)
    } else if (Date.now() - session.openedAt > sessionMsMax) session.end()
    else this.#idle.push(session)
  }

  /** A session is gone: another may be opened in its place. */
  #serveWaiting(): void {
    const [waiter] = this.#waiting
    if (!waiter || this.#closed) return
    this.#waiting.delete(waiter)
    try {
      waiter.resolve(this.#open())
    } catch (error) {
      waiter.reject(error)
      this.#serveWaiting()
    }
  }
}

/** One connection, from its opening to its end. It never reconnects. */
export class Session {
  readonly openedAt = Date.now()
  readonly #sql: postgres.Sql
  readonly #onEnd: (connectError?: unknown) => void
  #answered = false
  #alive = true

  constructor(
    open: PoolSettings['open'],
    types: SessionPool['types'],
    onEnd: (connectError?: unknown) => void,
  ) {
    this.#onEnd = onEnd
    // Nobody waits for the driver's own query of the array types: its failure would end the process.
    this.#sql = open({ max: 1, max_lifetime: null, fetch_types: false, onclose: () => this.end() })
    Object.assign(this.#sql.options.parsers, types.parsers)
    Object.assign(this.#sql.options.serializers, types.serializers)
  }

  get alive(): boolean {
    return this.#alive
  }

  async command(text: 'begin' | 'commit' | 'rollback'): Promise<void> {
    await this.run({ text, parameters: [], prepare: false, values: false })
  }

  async run({ text, parameters, prepare, values }: Statement): Promise<unknown> {
    if (!this.#alive) throw new DatabaseUnavailableError('the connection to the database is closed')
    const query = this.#sql.unsafe(text, parameters, { prepare })
    try {
      const rows: unknown = await (values ? query.values() : query)
      this.#answered = true
      return rows
    } catch (error) {
      if (isReply(error)) this.#answered = true
      else this.end(this.#answered ? undefined : error)
      if (isReply(error) || error instanceof GatewayError) throw error
      throw new DatabaseUnavailableError(reasonOf(error), { cause: error })
    }
  }

  /** Closes it at once; what still runs on it fails. */
  end(connectError?: unknown): void {
    if (!this.#alive) return
    this.#alive = false
    this.#onEnd(connectError)
    void this.#sql.end({ timeout: 0 })
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#sql.end({ timeout: timeoutMs / 1000 })
    this.end()
  }
}

/** An answer of a server that goes on serving this connection, not the end of the connection. */
function isReply(error: unknown): boolean {
  return error instanceof postgres.PostgresError && !/FATAL|PANIC/.test(error.severity)
}

function poolClosed(): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the database is closed')
}

function expiryAfter(timeoutMs: number | undefined): { promise: Promise<never>; clear(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  if (timeoutMs === undefined) return { promise, clear: () => {} }
  const timer = setTimeout(
    () =>
      reject(new DatabaseUnavailableError(`the database did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  return { promise, clear: () => clearTimeout(timer) }
}
