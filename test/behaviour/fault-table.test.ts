import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import type { Fault } from '../support/fault.ts'
import { faults } from '../support/fault-rows.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { complete } from '../support/rest-answer.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { resultTable } from '../support/table.ts'

let faulty: OpenaiSimulator
let encrypted: OpenaiSimulator
let backup: OpenaiSimulator
let mute: Server
let chatty: Server
let gateway: TestGateway
const table = resultTable('What a provider does wrong, and what comes of it: error (attempts)')

beforeAll(async () => {
  faulty = await startOpenaiSimulator()
  encrypted = await startOpenaiSimulator({
    tls: { key: readFileSync(pem('key'), 'utf8'), cert: readFileSync(pem('certificate'), 'utf8') },
  })
  backup = await startOpenaiSimulator()
  mute = await listen(() => {})
  chatty = await listen((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
  const tables = {
    openai: { url: faulty.url },
    refused: { url: 'http://127.0.0.1:9/v1' },
    'self-signed': { url: encrypted.url },
    trusted: { url: encrypted.url, settings: `ca_file = "${pem('certificate')}"` },
    plain: { url: faulty.url.replace('http:', 'https:') },
    'no-http': { url: urlOf(chatty, 'http') },
    unconnectable: { url: urlOf(mute, 'https'), settings: 'timeout_connect_ms = 150' },
    'first-byte': { url: faulty.url, settings: 'timeout_first_byte_ms = 150' },
    idle: { url: faulty.url, settings: 'timeout_idle_ms = 150' },
    total: { url: faulty.url, settings: 'timeout_total_ms = 300' },
    backup: { url: backup.url },
  }
  gateway = await startGateway(
    Object.entries<{ url: string; settings?: string }>(tables)
      .map(
        ([name, { url, settings = '' }]) => `[providers.${name}]
          type = "openai-compatible"
          api_key = "sk-simulated"
          base_url = "${url}"
          ${settings}`,
      )
      .join('\n'),
  )
})

afterAll(async () => {
  table.print()
  await gateway.stop()
  await Promise.all([faulty.close(), encrypted.close(), backup.close()])
  mute.close()
  chatty.close()
})

test.each(faults)('$name', async (fault) => {
  const failures: unknown[] = []
  for (const circumstance of circumstancesOf(fault)) {
    await table
      .cell(fault.name, columnOf(circumstance), () => check(fault, circumstance))
      .catch((error: unknown) => failures.push(error))
  }
  expect(failures).toEqual([])
  expect([faulty.pending, encrypted.pending, backup.pending]).toEqual([0, 0, 0])
})

test('the gateway saw no bug of its own in all this', () => {
  expect(gateway.logs()).not.toMatch(/"level":(50|60)/)
})

interface Circumstance {
  stream: boolean
  /** Whether the provider has said something before it fails. */
  spoken: boolean
  fallback: boolean
}

function circumstancesOf({ mode, after }: Fault): Circumstance[] {
  const streams = [false, true].filter((stream) => !mode || stream === (mode === 'stream'))
  return streams.flatMap((stream) =>
    [false, ...(after ? [true] : [])].flatMap((spoken) =>
      [false, true].map((fallback) => ({ stream, spoken, fallback })),
    ),
  )
}

function columnOf({ stream, spoken, fallback }: Circumstance): string {
  return [
    stream ? 'stream' : 'JSON',
    spoken ? (stream ? 'after' : 'half') : 'before',
    fallback ? '+ fallback' : '',
  ]
    .join(' ')
    .trim()
}

/** One exchange from the client to the ledger; the result is the word for the table. */
async function check(fault: Fault, circumstance: Circumstance): Promise<string> {
  const { stream, spoken, fallback } = circumstance
  const answer = spoken ? fault.after : fault.before
  if (answer) faulty.next(answer)
  const called = backup.requests.length
  const model = `${fault.provider ?? 'openai'}/gpt-4o`
  const reply = await complete(gateway, {
    model,
    stream,
    messages: [{ role: 'user', content: 'hello there' }],
    ...(fallback && { xrouter: { fallbacks: ['backup/gpt-4o'] } }),
  })
  const row = await requestOf(gateway, reply.id)
  const code = codeOf(fault, circumstance)
  // Nothing of a JSON answer reaches the client before it is whole, so it may always go on to the next.
  const saved = fallback && code !== 'none' && !(stream && spoken)
  const attempt = {
    number: 1,
    model,
    status: code === 'none' ? 'SUCCEEDED' : 'FAILED',
    errorCode: code === 'none' ? null : code,
    httpStatus: spoken ? 200 : fault.upstreamStatus,
  }
  const second = {
    number: 2,
    model: 'backup/gpt-4o',
    status: 'SUCCEEDED',
    errorCode: null,
    httpStatus: 200,
  }
  expect(row?.attempts).toMatchObject(saved ? [attempt, second] : [attempt])
  expect(row?.attempts[0]?.usage === null).toBe(!(code === 'none' || (stream && spoken)))
  expect(backup.requests.length - called).toBe(saved ? 1 : 0)
  expect(reply.headers.get('x-xrouter-attempts')).toBe(saved ? '2' : '1')
  const whole = code === 'none' || saved
  if (whole) expectSuccess(circumstance, { reply, row })
  else expectFailure(fault, circumstance, { reply, row, code })
  return `${whole ? 'ok' : code} (${row?.attempts.length})`
}

interface Seen {
  reply: Awaited<ReturnType<typeof complete>>
  row: Awaited<ReturnType<typeof requestOf>>
}

function expectSuccess({ stream }: Circumstance, { reply, row }: Seen): void {
  expect(reply).toMatchObject({ status: 200, error: undefined, text: 'You said: hello there' })
  expect(reply.done).toBe(stream)
  expect(row).toMatchObject({ status: 'succeeded', errorCode: null })
}

function expectFailure(
  { says = /./, retryAfter }: Fault,
  { stream, spoken }: Circumstance,
  { reply, row, code }: Seen & { code: Fault['code'] },
): void {
  if (code === 'none') throw new Error('this is no failure')
  const { status, openaiCode } = errorTable[code]
  expect(reply.error?.code).toBe(openaiCode)
  expect(reply.error?.message).toMatch(says)
  expect(reply.done).toBe(false)
  expect(reply.status).toBe(stream && spoken ? 200 : status)
  expect(reply.headers.get('retry-after')).toBe(retryAfter ?? null)
  expect('You said: hello there'.startsWith(reply.text)).toBe(true)
  expect(reply.text !== '').toBe(stream && spoken)
  expect(row).toMatchObject({ status: 'failed', errorCode: code })
}

/** A connection that breaks after the head has cut the answer short. */
function codeOf({ code, jsonCode }: Fault, { stream, spoken }: Circumstance): Fault['code'] {
  const expected = stream ? code : (jsonCode ?? code)
  return spoken && expected === 'PROVIDER_UNAVAILABLE' ? 'UPSTREAM_TRUNCATED' : expected
}

async function listen(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => onConnection(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function urlOf(server: Server, scheme: string): string {
  return `${scheme}://127.0.0.1:${addressOf(server).port}/v1`
}

/** A listening TCP server always has an address object. */
function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo
}

function pem(name: string): string {
  return fileURLToPath(new URL(`../support/simulators/self-signed/${name}.pem`, import.meta.url))
}
