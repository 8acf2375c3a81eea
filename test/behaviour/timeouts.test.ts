import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as passes } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { doors } from '../support/doors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { complete } from '../support/rest-answer.ts'
import type { Answer } from '../support/simulators/exchange.ts'
import { dripAfter, flood, hang, stallAfter } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

const limitMs = 200
const certificate = new URL('../support/simulators/self-signed/certificate.pem', import.meta.url)
const key = new URL('key.pem', certificate)

let simulator: OpenaiSimulator
let modern: Http2SecureServer
const versions: string[] = []
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  modern = createSecureServer(
    { allowHTTP1: true, key: readFileSync(key), cert: readFileSync(certificate) },
    ({ httpVersion }, response) => {
      versions.push(httpVersion)
      const message = { role: 'assistant', content: 'hi' }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }))
    },
  )
  modern.listen(0, '127.0.0.1')
  await once(modern, 'listening')
  const provider = (name: string, setting: string, url = simulator.url): string =>
    `[providers.${name}]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${url}"
     discover_models = false
     ${setting}`
  gateway = await startGateway(
    [
      provider('first-byte', `timeout_first_byte_ms = ${limitMs}`),
      provider('idle', `timeout_idle_ms = ${limitMs}`),
      provider('total', `timeout_total_ms = ${limitMs}`),
      provider('modern', `ca_file = "${certificate.pathname}"`, urlOf(modern)),
    ].join('\n'),
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
  modern.close()
})

const silences: [string, Answer][] = [
  ['first-byte', hang()],
  ['idle', stallAfter(3)],
  ['total', dripAfter(3, 20)],
]

test.each(silences)(
  'the limit %s closes the call, no sooner than it says',
  async (name, answer) => {
    simulator.next(answer)
    const { id } = await complete(gateway, ask(name))
    const request = simulator.requests.at(-1)
    await request?.closed
    expect(request?.aborted).toBe(true)
    await vi.waitFor(() => expect(simulator.openSockets).toBe(0))
    const row = await requestOf(gateway, id)
    expect(row?.attempts[0]?.latencyMs).toBeGreaterThanOrEqual(limitMs - 1)
  },
)

test.each(doors.filter(({ stream }) => stream))(
  '$name: a reader that pauses for longer than the idle limit is no silence of the provider',
  async (door) => {
    const answer = flood(24 * 1024 ** 2)
    simulator.next(answer)
    const visit = door.ask(gateway, { model: 'idle/gpt-4o', paused: true })
    const request = (await simulator.received(simulator.requests.length + 1)).at(-1)
    await passes(4 * limitMs)
    const sent = answer.sent()
    visit.read()
    await visit.ended
    expect(answer.sent()).toBeGreaterThan(sent)
    expect(request?.aborted).toBe(false)
    expect(await newestStatus()).toBe('succeeded')
  },
)

test.each([true, false])('signs of life are no silence (stream: %s)', async (stream) => {
  simulator.next(async (exchange) => {
    const reply = exchange.reply()
    exchange.head(reply.status, reply.headers)
    for (let beat = 0; beat < 8; beat += 1) {
      exchange.write(stream ? ': alive\n\n' : ' ')
      await passes(limitMs / 4)
    }
    await exchange.respond()
  })
  const { text } = await complete(gateway, { ...ask('idle'), stream })
  expect(text).toBe('You said: hello there')
})

test('each running answer has a connection of its own, also where HTTP/2 is offered', async () => {
  const opened: unknown[] = []
  modern.on('secureConnection', (socket) => opened.push(socket))
  const answers = await Promise.all(
    [1, 2].map(() => complete(gateway, { ...ask('modern'), stream: false })),
  )
  expect(answers.map(({ text }) => text)).toEqual(['hi', 'hi'])
  expect(versions).toEqual(['1.1', '1.1'])
  expect(opened).toHaveLength(2)
})

async function newestStatus(): Promise<string | undefined> {
  const answer = await gateway.graphql<{ requests: { edges: { node: { status: string } }[] } }>(
    '{ requests(first: 1) { edges { node { status } } } }',
  )
  return answer.data.requests.edges[0]?.node.status
}

function ask(provider: string): object {
  const messages = [{ role: 'user', content: 'hello there' }]
  return { model: `${provider}/gpt-4o`, stream: true, messages }
}

function urlOf(server: Http2SecureServer): string {
  return `https://127.0.0.1:${addressOf(server).port}/v1`
}

/** A listening TCP server always has an address object. */
function addressOf(server: Http2SecureServer): AddressInfo {
  return server.address() as AddressInfo
}
