import { existsSync } from 'node:fs'
import { Redis } from 'ioredis'
import { freePort, serviceFolder, startService, untilReady } from './services-process.ts'

/** A private Redis on loopback that keeps nothing. */
export interface RedisServer {
  url: string
  port: number
  pid: () => number
  /** Ends it at once. */
  halt: () => Promise<void>
  /** Starts it again, empty, on the same port. */
  resume: () => Promise<void>
  stop: () => Promise<void>
}

/** The path of redis-server on this machine. */
export function findRedis(): string | undefined {
  return ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path))
}

/** `settings` are further command-line arguments, as `--cluster-enabled yes`. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const binary = findRedis()
  if (binary === undefined) throw new Error('there is no redis-server')
  const folder = serviceFolder({})
  const port = await freePort()

  async function run() {
    const service = startService(
      binary ?? '',
      `--port ${port} --bind 127.0.0.1 --appendonly no`
        .split(' ')
        .concat(['--dir', folder.path, '--save', ''], settings),
      {},
    )
    await untilReady(() => ping(port, passwordIn(settings)), service)
    return service
  }

  let service = await run()
  const halt = async (): Promise<void> => {
    service.child.kill('SIGKILL')
    await service.exited
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => service.child.pid ?? 0,
    halt,
    resume: async () => {
      service = await run()
    },
    stop: async () => {
      if (service.child.exitCode === null && service.child.signalCode === null) await halt()
      folder.remove()
    },
  }
}

function passwordIn(settings: readonly string[]): string | undefined {
  const index = settings.indexOf('--requirepass')
  return index === -1 ? undefined : settings[index + 1]
}

async function ping(port: number, password: string | undefined): Promise<void> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    ...(password !== undefined && { password }),
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.ping()
  } finally {
    client.disconnect()
  }
}
