import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { complete } from '../support/rest-answer.ts'
import { hang, httpError, resetBeforeHead } from '../support/simulators/faults.ts'
import {
  type GigachatOptions,
  type GigachatSimulator,
  startGigachatSimulator,
} from '../support/simulators/gigachat.ts'

const pem = (name: string): string =>
  fileURLToPath(new URL(`../support/simulators/self-signed/${name}.pem`, import.meta.url))
const tls = {
  key: readFileSync(pem('key'), 'utf8'),
  cert: readFileSync(pem('certificate'), 'utf8'),
}

/** A provider and a simulator for each test: a token, and the pause after a failure, outlive a request. */
const providers: Record<string, { options?: GigachatOptions; settings?: string }> = {
  once: {},
  expiring: {},
  refused: {},
  secret: {},
  credentials: { options: { credentials: 'b3RoZXI6a2V5' } },
  scope: { options: { scope: 'GIGACHAT_API_B2B' } },
  outage: {},
  limited: {},
  broken: {},
  elsewhere: {},
  silent: { settings: 'timeout_total_ms = 1_000' },
  left: {},
  strange: { options: { tls } },
  trusted: { options: { tls }, settings: `ca_file = "${pem('certificate')}"` },
}
/** To these no token is ever given. */
const lost: ReadonlySet<string> = new Set(['credentials', 'scope', 'strange'])
const simulators = new Map<string, GigachatSimulator>()
let gateway: TestGateway

beforeAll(async () => {
  const tables: string[] = []
  for (const [name, { options = {}, settings = '' }] of Object.entries(providers)) {
    const simulator = await startGigachatSimulator(options)
    simulators.set(name, simulator)
    const toml = simulator.toml.replace(simulator.credentials, key)
    tables.push(`[providers.${name}]\n${toml}\n${settings}`)
  }
  const listing = [...simulators].filter(([name]) => !lost.has(name))
  gateway = await startGateway(`${tables.join('\n')}\n[providers.demo]\ntoken_delay_ms = 0`)
  // The list of models is asked for at the start, and the first token with it.
  const unlisted = () => listing.filter(([, { api }]) => api.lists.length === 0)
  await vi.waitUntil(() => unlisted().length === 0, { timeout: 20_000 })
})

afterAll(async () => {
  await gateway.stop()
  for (const simulator of simulators.values()) await simulator.close()
})

const key = Buffer.from('client:secret').toString('base64')
const messages = [{ role: 'user' as const, content: 'hello' }]
const fallback = { xrouter: { fallbacks: ['demo/echo'] } }
const expired = { status: 401, message: 'Token has expired' }

function of(name: string) {
  const simulator = simulators.get(name)
  if (!simulator) throw new Error(`no simulator ${name}`)
  return {
    simulator,
    body: { model: `${name}/GigaChat`, messages },
    completions: () => simulator.api.requests.filter(({ method }) => method === 'POST').length,
  }
}

/** The same, when its token has just ended. */
function expiredOf(name: string) {
  const found = of(name)
  found.simulator.expireTokens()
  return found
}

async function askGraphql(model: string): Promise<string> {
  const { data } = await gateway.graphql<{ createCompletion: { content: string } }>(
    `mutation($model: String!) { createCompletion(input: { model: $model,
      messages: [{ role: USER, content: "hello" }] }) { ... on Completion { content } } }`,
    { model },
  )
  return data.createCompletion.content
}

function fifty<T>(make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 50 }, (_, index) => make(index)))
}

describe('the access token', () => {
  test('is asked for once, as the service wants it, and serves every request', async () => {
    const { simulator, body } = of('once')
    await fifty((index) => complete(gateway, { ...body, stream: index % 2 === 0 }))
    await complete(gateway, body)
    expect(simulator.tokenRequests).toBe(1)
    const [request] = simulator.auth.requests
    expect(request?.rawBody).toBe('scope=GIGACHAT_API_PERS')
    expect(request?.headers).toMatchObject({
      authorization: `Basic ${simulator.credentials}`,
      rquid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'user-agent': 'xrouter',
    })
    expect(simulator.api.requests.every(({ headers }) => headers.authorization)).toBe(true)
  })

  test('that expires amid fifty requests is renewed exactly once, and none of them fails', async () => {
    const { simulator, body } = of('expiring')
    await complete(gateway, body)
    simulator.expireTokens()
    const texts = await fifty((index) =>
      index % 2 === 0
        ? complete(gateway, { ...body, stream: index % 4 === 0 }).then(({ text }) => text)
        : askGraphql(body.model),
    )
    expect(texts).toEqual(texts.map(() => 'You said: hello'))
    expect(simulator.tokenRequests).toBe(2)
    expect(new Set(simulator.auth.requests.map(({ headers }) => headers['rquid'])).size).toBe(2)
  })

  test('that is refused again after its renewal is a failure of the provider, which fails over', async () => {
    const { simulator, body, completions } = of('refused')
    simulator.api.next(httpError(401, expired), httpError(401, expired))
    const reply = await complete(gateway, body)
    expect(reply).toMatchObject({ status: 502, error: { code: 'provider_auth' } })
    expect([completions(), simulator.tokenRequests]).toEqual([2, 2])

    simulator.api.next(httpError(401, expired), httpError(401, expired))
    const saved = await complete(gateway, { ...body, ...fallback })
    expect(saved).toMatchObject({ status: 200, text: 'hello' })
  })

  test('never stands in an answer or in the log', async () => {
    const { simulator, body } = of('secret')
    simulator.api.next(
      httpError(401, { status: 401, message: `Bearer eyJ${'x'.repeat(200)}` }),
      httpError(401, { status: 401, message: `Bearer eyJ${'x'.repeat(200)}` }),
    )
    const reply = await complete(gateway, body)
    await complete(gateway, body)
    const told = JSON.stringify(reply) + gateway.logs()
    expect(simulator.issued.length).toBeGreaterThan(1)
    for (const secret of [...simulator.issued, simulator.credentials, 'xxxxx']) {
      expect(told).not.toContain(secret)
    }
  })
})

describe('a token service that gives none', () => {
  test.each([
    ['credentials', /401, code 6.*`credentials`/],
    ['scope', /400, code 7.*`scope`/],
  ])('because of wrong %s', async (name, message) => {
    const { simulator, body } = of(name)
    const reply = await complete(gateway, body)
    expect(reply).toMatchObject({ status: 502, error: { code: 'provider_auth' } })
    expect(reply.error?.message).toMatch(message)
    expect(simulator.api.requests).toHaveLength(0)
    expect(await complete(gateway, { ...body, ...fallback })).toMatchObject({ text: 'hello' })
  })

  test.each([
    ['outage', httpError(503), 503, 'provider_unavailable', /token service answered 503/],
    ['limited', httpError(429), 503, 'provider_rate_limited', /token service answered 429/],
    ['broken', resetBeforeHead(), 503, 'provider_unavailable', /auth_url/],
    ['elsewhere', httpError(404), 502, 'provider_error', /is `auth_url` right/],
  ])('%s', async (name, answer, status, code, message) => {
    const { simulator, body, completions } = expiredOf(name)
    simulator.auth.next(answer)
    const reply = await complete(gateway, body)
    expect(reply).toMatchObject({ status, error: { code } })
    expect(reply.error?.message).toMatch(message)
    expect(completions()).toBe(1)
  })

  test('says nothing: the limit on the whole answer ends the wait', async () => {
    const { simulator, body } = expiredOf('silent')
    simulator.auth.next(hang())
    const reply = await complete(gateway, { ...body, ...fallback })
    expect(reply).toMatchObject({ status: 200, text: 'hello' })
  })

  test('a client that leaves does not end the wait of the others', async () => {
    const { simulator, body } = expiredOf('left')
    const silence = hang()
    simulator.auth.next(silence)
    const leaving = new AbortController()
    const left = gateway
      .openai()
      .chat.completions.create(body, { signal: leaving.signal })
      .catch((error: unknown) => error)
    await silence.received
    const staying = complete(gateway, body)
    leaving.abort()
    expect(await left).toBeInstanceOf(Error)
    silence.release()
    expect(await staying).toMatchObject({ text: 'You said: hello' })
    expect(simulator.tokenRequests).toBe(2)
  })
})

test('both hosts are trusted by `ca_file` alone', async () => {
  expect(await complete(gateway, of('strange').body)).toMatchObject({
    error: {
      code: 'provider_unavailable',
      message: expect.stringMatching(/auth_url.*SELF_SIGNED/),
    },
  })
  expect(await complete(gateway, of('trusted').body)).toMatchObject({ text: 'You said: hello' })
})
