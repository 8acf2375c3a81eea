export interface RedisNode {
  host: string
  port: number
}

interface RedisAccess {
  /** Stands before everything that we keep there, unless told `xrouter:`. */
  prefix?: string
  username?: string
  password?: string
  tls: boolean
}

/** Where Redis is, by the form of its URL. */
export type RedisAddress = RedisAccess &
  (
    | { kind: 'single'; node: RedisNode; db: number }
    | { kind: 'sentinel'; sentinels: RedisNode[]; master: string; db: number }
    | { kind: 'cluster'; nodes: RedisNode[] }
  )

/** What is wrong with a URL, in words that hold no part of it. */
export class RedisUrlError extends Error {}

const form = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/
const defaultPorts = { redis: 6379, sentinel: 26_379 }

/**
 * Reads `redis[s]://[user:password@]host[:port][/db]`, `redis[s]+sentinel://…host[:port],…/master[/db]` or
 * `redis[s]+cluster://…host[:port],…`.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const match = form.exec(url)
  if (!match) {
    throw new RedisUrlError(
      'must be a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL',
    )
  }
  const [, scheme, kind, credentials, hosts = '', path = ''] = match
  const access = { ...accessOf(credentials), tls: scheme === 'rediss' }
  if (kind === 'cluster') {
    if (path !== '')
      throw new RedisUrlError('a cluster has no databases: end the URL after its hosts')
    return { ...access, kind, nodes: nodesOf(hosts, defaultPorts.redis) }
  }
  if (kind === 'sentinel') {
    const [master = '', db = '', ...rest] = path.split('/')
    if (master === '' || rest.length > 0) {
      throw new RedisUrlError(
        'must end with the name of the master: redis+sentinel://host,host/name',
      )
    }
    const sentinels = nodesOf(hosts, defaultPorts.sentinel)
    return { ...access, kind, sentinels, master: decoded(master), db: databaseOf(db) }
  }
  const [node, ...others] = nodesOf(hosts, defaultPorts.redis)
  if (!node || others.length > 0) {
    throw new RedisUrlError(
      'has several hosts: use redis+sentinel:// or redis+cluster:// for these',
    )
  }
  return { ...access, kind: 'single', node, db: databaseOf(path) }
}

function nodesOf(hosts: string, defaultPort: number): RedisNode[] {
  return hosts.split(',').map((text) => {
    const [, bracketed, plain, digits] =
      /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
    const host = bracketed ?? plain
    const port = digits === undefined ? defaultPort : Number(digits)
    if (host === undefined || port < 1 || port > 65_535) {
      throw new RedisUrlError('has a host that is not written as host or host:port')
    }
    return { host, port }
  })
}

function databaseOf(text: string): number {
  if (text === '') return 0
  if (!/^\d{1,5}$/.test(text)) throw new RedisUrlError('has a database that is not a number')
  return Number(text)
}

function accessOf(credentials: string | undefined): { username?: string; password?: string } {
  if (!credentials) return {}
  const colon = credentials.indexOf(':')
  if (colon === -1)
    throw new RedisUrlError('has a user without a password: write user:password@, or :password@')
  const username = decoded(credentials.slice(0, colon))
  const password = decoded(credentials.slice(colon + 1))
  return { ...(username !== '' && { username }), password }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new RedisUrlError('has a percent sign that encodes nothing')
  }
}
