import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createDatabase, realServices, testSecret } from '../support/databases.ts'
import { startGateway } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { freePort } from '../support/services-process.ts'
import { onServer } from '../support/services-postgres.ts'

const home = mkdtempSync(join(tmpdir(), 'xrouter-migrations-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('an empty Postgres', () => {
  test('is migrated once by five instances that start at once, and gets one admin key', async () => {
    const database = await createDatabase('empty')
    const gateways = await Promise.all(
      Array.from({ length: 5 }, () => startGateway('', { DATABASE_URL: database.url })),
    )
    try {
      const keys = gateways.flatMap((gateway) => gateway.running.firstAdminKey ?? [])
      expect(keys).toHaveLength(1)
      for (const gateway of gateways) {
        const models = await fetch(`${gateway.url}/v1/models`, {
          headers: { authorization: `Bearer ${keys[0]}` },
        })
        expect(models.status).toBe(200)
      }
      const applied = await onServer(
        database.url,
        (sql) => sql<{ name: string }[]>`select name from drizzle.__drizzle_migrations`,
      )
      const names = applied.map((row) => row.name)
      expect(names.length).toBeGreaterThan(0)
      expect(new Set(names).size).toBe(names.length)
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.stop()))
      await database.drop()
    }
  })
})

describe('a Postgres that cannot be used', () => {
  const starting = (url: string) =>
    startProcess({ DATABASE_URL: url, XROUTER_SECRET: testSecret }, home)

  test.each([
    ['nobody listens there', async () => `127.0.0.1:${await freePort()}/xrouter`, /ECONNREFUSED/],
    [
      'it has no such database',
      async () => `${new URL(realServices().postgresUrl).host}/not_there`,
      /database "not_there" does not exist/,
    ],
  ])('ends the start with one line that says so: %s', async (_name, place, reason) => {
    const where = await place()
    const gateway = starting(`postgres://xrouter:hunter2@${where}`)
    expect(await gateway.exited).toBe(1)
    expect(gateway.stdout()).toBe('')
    expect(gateway.stderr()).toMatch(/^The database at .+\n$/)
    expect(gateway.stderr()).toContain(where)
    expect(gateway.stderr()).toMatch(reason)
    expect(gateway.stderr()).not.toContain('hunter2')
  })
})
