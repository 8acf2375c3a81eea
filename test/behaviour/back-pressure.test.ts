import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { doors } from '../support/doors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { flood, hang } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { resultTable } from '../support/table.ts'
import { countUpstreamBytes } from '../support/upstream-events.ts'

const mebibyte = 1024 ** 2
/** More than all buffers of the system on the way together. */
const answerBytes = 24 * mebibyte
const slowMs = 400

let simulator: OpenaiSimulator
/** Lets a client take its time. */
let patient: TestGateway
/** Cuts a client after `slowMs`. */
let strict: TestGateway
const sockets = new Set<Socket>()
const table = resultTable(
  'A client that does not read: MiB from the provider, KiB held in the gateway',
  20_000,
)

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  const provider = `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"`
  patient = await startGateway(provider)
  strict = await startGateway(`${provider}\n[server]\nslow_client_timeout_ms = ${slowMs}`)
  for (const { running } of [patient, strict]) {
    running.app.server.on('connection', (socket) => {
      sockets.add(socket.once('close', () => sockets.delete(socket)))
    })
  }
})

afterAll(async () => {
  table.print()
  await Promise.all([patient.stop(), strict.stop()])
  await simulator.close()
})

const streams = doors.filter(({ stream, name }) => stream && !name.endsWith('complete'))

describe.each(streams)('$name', (door) => {
  test('a client that pauses stops the provider, and gets everything when it reads on', () =>
    table.cell(door.name, 'pauses, reads on', async () => {
      const answer = flood(answerBytes)
      simulator.next(answer)
      const heard = countUpstreamBytes(new URL(simulator.url).origin)
      sockets.clear()
      const visit = door.ask(patient, { paused: true })
      await stopped(answer.sent)
      expect(answer.sent()).toBeLessThan(answerBytes)
      const held = heard.bytes() - handedOver()
      heard.stop()
      expect(held).toBeLessThan(mebibyte)
      const waiting = queued()
      expect(waiting).toBeLessThan(mebibyte)
      const sent = answer.sent()
      visit.read()
      await visit.ended
      expect(answer.sent()).toBeGreaterThanOrEqual(answerBytes)
      expect(visit.received().length).toBeGreaterThan(answer.sent())
      expect(await newest(patient)).toMatchObject({ status: 'succeeded' })
      return `${(sent / mebibyte).toFixed(1)} MiB, ${Math.round(waiting / 1024)} KiB`
    }))

  test('a client that never reads is cut, and that is its own doing', () =>
    table.cell(door.name, 'never reads', async () => {
      simulator.next(flood(answerBytes))
      const visit = door.ask(strict, { paused: true })
      // A client that does not read does not see either that it was cut.
      const request = (await simulator.received(simulator.requests.length + 1)).at(-1)
      await request?.closed
      expect(request?.aborted).toBe(true)
      visit.leave()
      const row = await vi.waitFor(async () => {
        const found = await newest(strict)
        expect(found).toMatchObject({ status: 'cancelled', errorCode: 'CANCELLED' })
        return found
      })
      expect(row?.attempts).toMatchObject([{ status: 'CANCELLED', errorCode: null }])
      expect(row?.attempts[0]?.usage?.outputTokens).toBeGreaterThan(0)
      return 'cut, cancelled'
    }))

  test('a client that reads now and then is not cut', () =>
    table.cell(door.name, 'reads now and then', async () => {
      simulator.next(flood(answerBytes))
      const visit = door.ask(strict)
      let size = 0
      for (let round = 0; round < 4; round += 1) {
        visit.read()
        await vi.waitFor(() => expect(visit.received().length).toBeGreaterThan(size), {
          interval: 1,
        })
        visit.pause()
        size = visit.received().length
        await passes(slowMs / 2)
      }
      visit.read()
      await visit.ended
      expect(await newest(strict)).toMatchObject({ status: 'succeeded' })
      return 'whole'
    }))

  test('a client that waits for a silent provider is not cut', async () => {
    const silence = hang()
    simulator.next(silence)
    const visit = door.ask(strict)
    await silence.received
    await passes(2 * slowMs)
    silence.release()
    await visit.ended
    expect(await newest(strict)).toMatchObject({ status: 'succeeded' })
  })
})

test.each(doors.filter(({ stream }) => !stream))(
  '$name: a client that does not take its whole answer is cut',
  async (door) => {
    simulator.next((exchange) => {
      const message = { role: 'assistant', content: 'and so on '.repeat(2 * mebibyte) }
      exchange.json(200, { id: 'x', choices: [{ index: 0, message, finish_reason: 'stop' }] })
    })
    const opened = once(strict.running.app.server, 'connection')
    const visit = door.ask(strict, { paused: true })
    const [socket]: Socket[] = await opened
    if (socket && !socket.destroyed) await once(socket, 'close')
    expect(visit.received().length).toBeLessThan(mebibyte)
    visit.leave()
  },
)

test('none of this was a failure of anyone', () => {
  expect(patient.logs() + strict.logs()).not.toMatch(/"level":(40|50|60)/)
})

/** Resolves when the provider can write no more. */
async function stopped(sent: () => number): Promise<void> {
  let last = 0
  await vi.waitFor(
    () => {
      const before = last
      last = sent()
      expect([last > 0, last]).toEqual([true, before])
    },
    { interval: 250, timeout: 15_000 },
  )
}

/** What the gateway has given to the system for its clients. */
function handedOver(): number {
  return sum([...sockets].map((socket) => socket.bytesWritten - socket.writableLength))
}

function queued(): number {
  return sum([...sockets].map((socket) => socket.writableLength))
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Here the passing of time itself is what is tested. */
function passes(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function newest(gateway: TestGateway): ReturnType<typeof requestOf> {
  const answer = await gateway.graphql<{ requests: { edges: { node: { id: string } }[] } }>(
    '{ requests(first: 1) { edges { node { id } } } }',
  )
  return requestOf(gateway, answer.data.requests.edges[0]?.node.id ?? '')
}
