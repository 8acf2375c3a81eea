import { writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { parseRedisUrl } from '../../src/lib/redis-url.ts'
import { createRedisBus } from '../../src/redis/bus.ts'
import { openRedis } from '../../src/redis/client.ts'
import { freePort, serviceFolder, startService } from '../support/services-process.ts'
import { findRedis, startRedis } from '../support/services-redis.ts'

const worked = { heard: 'x', read: 'yes' }
const logger = pino({ level: 'silent' })

/** A message through a bus and a key through a client of this URL: what came out of both. */
async function exercise(url: string): Promise<{ heard: string | undefined; read: unknown }> {
  const address = parseRedisUrl(url)
  const [one, two] = [createRedisBus(address, logger), createRedisBus(address, logger)]
  const connection = openRedis(address, logger)
  try {
    const heard: string[] = []
    two.subscribe('forms', (message) => void heard.push(message))
    const everyone = () => [one.status(), two.status(), connection.status()]
    await expect.poll(everyone, { timeout: 10_000 }).toEqual(['ok', 'ok', 'ok'])
    await expect
      .poll(async () => {
        await one.publish('forms', 'x')
        return heard.length
      })
      .toBeGreaterThan(0)
    await connection.client.set('forms', 'yes')
    return { heard: heard[0], read: await connection.client.get('forms') }
  } finally {
    connection.close()
    await Promise.all([one.close(), two.close()])
  }
}

test('redis:// with a user, a password and a database', async () => {
  const server = await startRedis(
    '--user gateway on >se:cret allcommands allkeys allchannels'.split(' '),
  )
  try {
    expect(await exercise(`redis://gateway:se%3Acret@127.0.0.1:${server.port}/3`)).toEqual(worked)
  } finally {
    await server.stop()
  }
})

test('redis+cluster:// finds the nodes from the one that is named', async () => {
  const server = await startRedis(
    '--cluster-enabled yes --cluster-announce-ip 127.0.0.1'.split(' '),
  )
  const admin = new Redis(server.port)
  try {
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await expect
      .poll(() => admin.cluster('INFO'), { timeout: 10_000 })
      .toContain('cluster_state:ok')
    expect(await exercise(`redis+cluster://127.0.0.1:1,127.0.0.1:${server.port}`)).toEqual(worked)
  } finally {
    admin.disconnect()
    await server.stop()
  }
})

test('redis+sentinel:// asks the sentinels where the master is', async () => {
  const server = await startRedis()
  const folder = serviceFolder({})
  const port = await freePort()
  const file = join(folder.path, 'sentinel.conf')
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder.path}\nsentinel monitor main 127.0.0.1 ${server.port} 1\n`,
  )
  chmodSync(file, 0o600)
  const sentinel = startService(findRedis() ?? '', [file, '--sentinel'], {})
  try {
    expect(await exercise(`redis+sentinel://127.0.0.1:1,127.0.0.1:${port}/main/2`)).toEqual(worked)
  } finally {
    sentinel.child.kill('SIGKILL')
    await sentinel.exited
    await server.stop()
    folder.remove()
  }
})
