import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import {
  freePort,
  serviceFolder,
  startService,
  unprivilegedUser,
  untilReady,
} from './services-process.ts'

/** A private Postgres on loopback. */
export interface PostgresServer {
  /** URL of one of its databases. */
  urlOf: (database: string) => string
  /** Its process; also the leader of what it forks. */
  pid: () => number
  /** Ends it at once, sessions and all; the data stays. */
  halt: () => Promise<void>
  /** Starts it again on the same port and data. */
  resume: () => Promise<void>
  /** Ends it and removes its data. */
  stop: () => Promise<void>
}

const debianRoot = '/usr/lib/postgresql'

/** The folder of Debian's newest Postgres on this machine. */
export function findPostgres(): string | undefined {
  if (!existsSync(debianRoot)) return undefined
  return readdirSync(debianRoot)
    .toSorted((left, right) => Number(right) - Number(left))
    .map((version) => join(debianRoot, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')))
}

export async function startPostgres(): Promise<PostgresServer> {
  const binaries = findPostgres()
  if (binaries === undefined) throw new Error(`there is no Postgres in ${debianRoot}`)
  const user = unprivilegedUser()
  const folder = serviceFolder(user)
  const data = join(folder.path, 'data')
  const port = await freePort()
  await promisify(execFile)(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'xrouter', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: '/' },
  )
  // Without fsync a crash of Postgres alone still loses no commit: the system has written what it was given.
  const settings = [
    ['listen_addresses', '127.0.0.1'],
    ['port', String(port)],
    ['unix_socket_directories', ''],
    ['max_connections', '200'],
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['autovacuum', 'off'],
  ].flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const urlOf = (database: string): string => `postgres://xrouter@127.0.0.1:${port}/${database}`

  async function run() {
    const service = startService(join(binaries ?? '', 'postgres'), ['-D', data, ...settings], user)
    await untilReady(() => onServer(urlOf('postgres'), (sql) => sql`select 1`), service)
    return service
  }

  let service = await run()
  const halt = async (): Promise<void> => {
    // SIGQUIT is Postgres's immediate shutdown: sessions are cut, as in a crash.
    service.child.kill('SIGQUIT')
    await service.exited
  }
  return {
    urlOf,
    pid: () => service.child.pid ?? 0,
    halt,
    resume: async () => {
      service = await run()
    },
    stop: async () => {
      if (service.child.exitCode === null) await halt()
      folder.remove()
    },
  }
}

/** One connection for one piece of work. */
export async function onServer<T>(
  url: string,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
