import { readFileSync, readdirSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect, databaseStatus, type DatabaseHandle } from '../../src/db/client.ts'
import { onServer, startPostgres, type PostgresServer } from '../support/services-postgres.ts'

let server: PostgresServer
let url: string
let handle: DatabaseHandle

beforeAll(async () => {
  server = await startPostgres()
  url = server.urlOf('postgres')
  await onServer(url, (admin) => admin`create table pairs (half int not null)`)
})

afterAll(() => server.stop())

beforeEach(async () => {
  await onServer(url, (admin) => admin`truncate pairs`)
  handle = connect({ url }, { operationMsMax: 1_000 })
})

afterEach(() => handle.close())

/** Both halves or neither. */
const insertPair = () =>
  handle.db.transaction(async (tx) => {
    await tx.execute(sql`insert into pairs values (${1})`)
    await tx.execute(sql`select pg_sleep(0.001)`)
    await tx.execute(sql`insert into pairs values (${2})`)
  })

/** Sixteen clients that insert pairs, one after the other, whatever happens. */
function load() {
  const state = { running: true, committed: 0 }
  const client = async (): Promise<void> => {
    while (state.running) {
      await insertPair().then(
        () => (state.committed += 1),
        () => new Promise((resolve) => setTimeout(resolve, 5)),
      )
    }
  }
  const clients = Promise.all(Array.from({ length: 16 }, client))
  return {
    /** Resolves when this many more are committed. */
    more: async (count: number) => {
      const enough = state.committed + count
      while (state.committed < enough) await new Promise((resolve) => setTimeout(resolve, 5))
    },
    stop: async () => {
      state.running = false
      await clients
      return state.committed
    },
  }
}

async function halves(): Promise<{ first: number; second: number }> {
  const [row] = await onServer(
    url,
    (admin) => admin<{ first: number; second: number }[]>`
      select count(*) filter (where half = 1)::int as first,
        count(*) filter (where half = 2)::int as second from pairs`,
  )
  return row ?? { first: 0, second: 0 }
}

const killSessions = () =>
  onServer(
    url,
    (admin) => admin`select pg_terminate_backend(pid) from pg_stat_activity
      where pid <> pg_backend_pid() and backend_type = 'client backend'`,
  )

describe('the pool', () => {
  test('goes on when its connections are killed inside transactions', async () => {
    const clients = load()
    for (let round = 0; round < 20; round += 1) {
      await clients.more(20)
      await killSessions()
    }
    await clients.more(200)
    const committed = await clients.stop()
    const { first, second } = await halves()
    expect(second).toBe(first)
    expect(first).toBeGreaterThanOrEqual(committed)
  })

  test('goes on when the server went away and came back', async () => {
    const clients = load()
    await clients.more(50)
    for (let round = 0; round < 3; round += 1) {
      await server.halt()
      expect(await databaseStatus(handle.db)).toBe('unreachable')
      await server.resume()
      await clients.more(100)
      expect(await databaseStatus(handle.db)).toBe('ok')
    }
    await clients.stop()
    const { first, second } = await halves()
    expect(second).toBe(first)
  })

  test('gives up on a server that does not answer, and works when it does again', async () => {
    await handle.db.execute(sql`select 1`)
    const pids = [server.pid(), ...childrenOf(server.pid())]
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    try {
      const answers = await Promise.allSettled([
        ...Array.from({ length: 30 }, () => handle.db.execute(sql`select 1`)),
        insertPair(),
      ])
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set(['rejected']))
      expect(await databaseStatus(handle.db)).toBe('unreachable')
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }
    await expect.poll(() => databaseStatus(handle.db)).toBe('ok')
    expect(await halves()).toEqual({ first: 0, second: 0 })
  })

  test('rolls back what throws and keeps the session', async () => {
    const pid = () => handle.db.execute(sql`select pg_backend_pid() as pid`).then((rows) => rows[0])
    const before = await pid()
    const bug = new Error('on our side')
    const failing = handle.db.transaction(async (tx) => {
      await tx.execute(sql`insert into pairs values (1)`)
      throw bug
    })
    await expect(failing).rejects.toBe(bug)
    await expect(handle.db.execute(sql`select nonsense`)).rejects.toMatchObject({
      cause: { code: '42703' },
    })
    expect(await halves()).toEqual({ first: 0, second: 0 })
    expect(await pid()).toEqual(before)
  })

  test('opens at most ten sessions; the others wait', async () => {
    const answers = Array.from({ length: 40 }, () => handle.db.execute(sql`select pg_sleep(0.02)`))
    const [row] = await onServer(
      url,
      (admin) => admin<{ count: number }[]>`select count(*)::int from pg_stat_activity
        where pid <> pg_backend_pid() and backend_type = 'client backend'`,
    )
    await Promise.all(answers)
    expect(row?.count).toBeLessThanOrEqual(10)
  })

  test('refuses work after it was closed', async () => {
    const other = connect({ url })
    await other.db.execute(sql`select 1`)
    await other.close()
    await expect(other.db.execute(sql`select 1`)).rejects.toMatchObject({
      cause: { name: 'DatabaseUnavailableError' },
    })
  })
})

/** The processes that this one forked, from the system's table. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]) === parent
      } catch {
        return false // it ended meanwhile
      }
    })
    .map(Number)
}
