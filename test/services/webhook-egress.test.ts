import type { LookupAddress } from 'node:dns'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEgress, type Resolve } from '../../src/services/webhooks/egress.ts'
import { urlProblem } from '../../src/services/webhooks/input.ts'
import {
  answer,
  silence,
  startReceiver,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts'

const strict = { allowPrivateNetworks: false, allowHttp: false }
const http = { allowPrivateNetworks: false, allowHttp: true }
const open = { allowPrivateNetworks: true, allowHttp: true }

let receiver: WebhookReceiver
const running = new AbortController().signal

beforeAll(async () => {
  receiver = await startReceiver()
})

afterAll(() => receiver.close())

beforeEach(() => {
  receiver.reset()
})

/** One message to a URL, with names of hosts that stand for these addresses. */
async function send(
  url: string,
  {
    policy = open,
    addresses,
    timeoutMs = 5_000,
  }: { policy?: typeof open; addresses?: string[][]; timeoutMs?: number } = {},
) {
  const asked: string[] = []
  const resolve: Resolve = (hostname, _options, callback) => {
    asked.push(hostname)
    const found = addresses?.[asked.length - 1] ?? []
    const family = (address: string) => (address.includes(':') ? 6 : 4)
    const list: LookupAddress[] = found.map((address) => ({ address, family: family(address) }))
    callback(null, list)
  }
  const egress = openEgress({ policy, timeoutMs, ...(addresses && { resolve }) })
  try {
    const message = { url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
    return { ...(await egress.send(message, running)), asked }
  } finally {
    await egress.close()
  }
}

const hostUrl = () => `http://hooks.example:${new URL(receiver.url).port}/hook`

describe('a URL', () => {
  test.each([
    ['https://example.com/hook', strict],
    ['https://example.com:8443/hook?a=b', strict],
    ['https://8.8.8.8/', strict],
    ['https://[2606:4700:4700::1111]/', strict],
    ['http://example.com/', http],
    ['http://127.0.0.1:9/', open],
    ['http://localhost/', open],
  ])('%s may be', (url, policy) => {
    expect(urlProblem(url, policy)).toBeUndefined()
  })

  test.each([
    ['example.com', strict, /must be a URL/],
    ['http://example.com/', strict, /must begin with https/],
    ['ftp://example.com/', http, /must begin with https/],
    ['file:///etc/passwd', open, /must begin with https/],
    ['https://user:password@example.com/', open, /user name/],
    ['https://localhost/', strict, /public Internet/],
    ['https://api.localhost/', strict, /public Internet/],
    ['https://LOCALHOST./', strict, /public Internet/],
    ['https://127.0.0.1/', strict, /public Internet/],
    ['https://2130706433/', strict, /public Internet/],
    ['https://0x7f.1/', strict, /public Internet/],
    ['https://0177.0.0.1/', strict, /public Internet/],
    ['https://169.254.169.254/latest/meta-data', strict, /public Internet/],
    ['https://10.1.2.3/', strict, /public Internet/],
    ['https://[::1]/', strict, /public Internet/],
    ['https://[::ffff:127.0.0.1]/', strict, /public Internet/],
    ['https://[64:ff9b::a9fe:a9fe]/', strict, /public Internet/],
    ['https://[fd00:ec2::254]/', strict, /public Internet/],
  ])('%s may not be', (url, policy, why) => {
    expect(urlProblem(url, policy)).toMatch(why)
  })
})

describe('a message', () => {
  test('arrives, and an answer of 2xx is all that is asked for', async () => {
    receiver.next(answer(202, {}, 'thank you'))
    expect(await send(receiver.url)).toEqual({ status: 202, error: null, asked: [] })
    expect(receiver.received).toEqual([
      expect.objectContaining({ path: '/hook?token=of-the-url', body: '{"a":1}' }),
    ])
  })

  test.each([300, 301, 302, 307, 308])('is not sent on after %i', async (status) => {
    receiver.next(answer(status, { location: receiver.url }))
    expect(await send(receiver.url)).toMatchObject({
      status,
      error: `the endpoint answered ${status}`,
    })
    expect(receiver.received).toHaveLength(1)
  })

  test.each([400, 404, 410, 429, 500, 503])('has failed after %i', async (status) => {
    receiver.next(answer(status, { 'retry-after': '120' }))
    expect(await send(receiver.url)).toMatchObject({ status, retryAfterMs: 120_000 })
  })

  test('waits a day at most', async () => {
    receiver.next(answer(503, { 'retry-after': '999999999' }))
    expect((await send(receiver.url)).retryAfterMs).toBe(86_400_000)
  })

  test('that is not answered in time has failed', async () => {
    receiver.next(silence)
    expect(await send(receiver.url, { timeoutMs: 1_000 })).toMatchObject({
      status: null,
      error: 'no answer within 1000 ms',
    })
  })

  test('whose answer never ends has failed too, and a long one is cut', async () => {
    receiver.next((response) => void response.writeHead(200).write('a little'))
    expect(await send(receiver.url, { timeoutMs: 1_000 })).toMatchObject({ status: null })
    let written = 0
    receiver.next((response) => {
      response.writeHead(200)
      const write = (): void => {
        if (response.destroyed) return
        written += 1024
        response.write('x'.repeat(1024))
        setImmediate(write)
      }
      write()
    })
    expect(await send(receiver.url)).toMatchObject({ status: 200, error: null })
    const cut = written
    expect(cut).toBeLessThan(16 * 1024 ** 2)
  })

  test('to nobody says what was wrong', async () => {
    const gone = await startReceiver()
    await gone.close()
    expect((await send(gone.url)).error).toMatch(/ECONNREFUSED/)
  })
})

describe('the address behind a name', () => {
  test.each([
    ['loopback', ['127.0.0.1']],
    ['loopback of IPv6', ['::1']],
    ['loopback, mapped', ['::ffff:127.0.0.1']],
    ['private', ['10.0.0.7']],
    ['metadata', ['169.254.169.254']],
    ['metadata of IPv6', ['fd00:ec2::254']],
    ['one of several', ['8.8.8.8', '192.168.0.1']],
  ])('is refused: %s', async (_what, addresses) => {
    const { error, status } = await send(hostUrl(), { policy: http, addresses: [addresses] })
    expect(status).toBeNull()
    expect(error).toBe('hooks.example leads to an address that is not of the public Internet')
    expect(receiver.received).toEqual([])
    for (const address of addresses) expect(error).not.toContain(address)
  })

  test('may be private where that is allowed', async () => {
    const url = receiver.url.replace('127.0.0.1', 'localhost')
    expect(await send(url)).toMatchObject({ status: 204 })
  })

  test('is looked up once for a connection, which goes there and nowhere else', async () => {
    // Given to nobody yet, so nobody answers there. A second look-up would find the receiver.
    const far = '2fff::1'
    const addresses = [[far], ['127.0.0.1']]
    const { asked, error, status } = await send(hostUrl(), {
      policy: http,
      addresses,
      timeoutMs: 300,
    })
    expect(asked).toEqual(['hooks.example'])
    expect(status).toBeNull()
    expect(error).not.toBeNull()
    expect(receiver.received).toEqual([])
  })

  test('that does not exist is told', async () => {
    const { error } = await send(hostUrl(), { policy: http, addresses: [[]] })
    expect(error).toBe('hooks.example has no address')
  })
})
