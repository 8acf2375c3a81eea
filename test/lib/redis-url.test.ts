import { describe, expect, test } from 'vitest'
import { parseRedisUrl } from '../../src/lib/redis-url.ts'

describe('the URL of Redis', () => {
  test.each([
    [
      'redis://localhost',
      { kind: 'single', tls: false, node: { host: 'localhost', port: 6379 }, db: 0 },
    ],
    [
      'rediss://user:p%40ss@r.example:7000/5',
      {
        kind: 'single',
        tls: true,
        username: 'user',
        password: 'p@ss',
        node: { host: 'r.example', port: 7000 },
        db: 5,
      },
    ],
    [
      'redis://:pass@[::1]:7000/',
      { kind: 'single', tls: false, password: 'pass', node: { host: '::1', port: 7000 }, db: 0 },
    ],
    [
      'redis+sentinel://:pass@s1,s2:26380/main/1',
      {
        kind: 'sentinel',
        tls: false,
        password: 'pass',
        sentinels: [
          { host: 's1', port: 26_379 },
          { host: 's2', port: 26_380 },
        ],
        master: 'main',
        db: 1,
      },
    ],
    [
      'rediss+cluster://n1:7000,n2:7001',
      {
        kind: 'cluster',
        tls: true,
        nodes: [
          { host: 'n1', port: 7000 },
          { host: 'n2', port: 7001 },
        ],
      },
    ],
  ])('%s', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address)
  })

  test.each([
    ['http://hunter2', /must be a redis:\/\//],
    ['redis://', /must be a redis:\/\//],
    ['redis://hunter2@host', /user without a password/],
    ['redis://:%zzhunter2@host', /percent sign/],
    ['redis://a,b', /several hosts/],
    ['redis://host:99999', /host:port/],
    ['redis://host:hunter2', /host:port/],
    ['redis://host/hunter2', /not a number/],
    ['redis+sentinel://host', /name of the master/],
    ['redis+sentinel://host/main/0/hunter2', /name of the master/],
    ['redis+cluster://host/1', /no databases/],
  ])('%s is refused without being repeated', (url, problem) => {
    expect(() => parseRedisUrl(url)).toThrow(problem)
    expect(() => parseRedisUrl(url)).not.toThrow(/hunter2/)
  })
})
