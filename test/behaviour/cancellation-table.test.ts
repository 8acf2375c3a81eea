import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { doors, type Door, type Visit } from '../support/doors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import type { Controlled } from '../support/simulators/controlled.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { resultTable } from '../support/table.ts'
import { upstreamHeard } from '../support/upstream-events.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway
const table = resultTable('A client leaves: what the ledger says (output tokens)')

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"`,
  )
})

afterAll(async () => {
  table.print()
  await gateway.stop()
  await simulator.close()
})

/** How far the provider gets before the client leaves. */
interface Moment {
  name: string
  reach(door: Door, upstream: Controlled, visit: Visit): Promise<void>
  /** Output tokens on the ledger; null where nothing was said. */
  produced: (door: Door) => number | null
  /** Whether the answer was handed over whole. */
  whole?: boolean
}

const moments: Moment[] = [
  {
    name: 'before the head',
    reach: async (_door, upstream) => void (await upstream.received),
    produced: () => null,
  },
  {
    name: 'after the head',
    reach: async ({ stream }, upstream) => {
      await upstream.received
      const heard = upstreamHeard('head', originOf(simulator))
      if (stream) upstream.startStream()
      else await upstream.answer((exchange) => exchange.head(200, json))
      await heard
    },
    produced: () => null,
  },
  {
    name: 'in mid-answer',
    reach: async ({ stream }, upstream, visit) => {
      await upstream.received
      const heard = upstreamHeard('body', originOf(simulator))
      if (stream) upstream.text('Hel')
      else {
        await upstream.answer((exchange) => {
          exchange.head(200, json)
          exchange.write('{"id":"chatcmpl-1","choices":[')
        })
      }
      await heard
      if (stream) await visit.sees('Hel')
    },
    produced: ({ stream }) => (stream ? 1 : null),
  },
  {
    name: 'after the last token',
    reach: async ({ stream }, upstream, visit) => {
      await upstream.received
      if (!stream) return upstream.answer((exchange) => exchange.begin(1))
      upstream.text('Hel')
      await visit.sees('Hel')
      const heard = upstreamHeard('body', originOf(simulator))
      upstream.finish()
      await heard
    },
    produced: ({ stream }) => (stream ? 1 : null),
  },
  {
    name: 'after the end',
    reach: async ({ stream }, upstream, visit) => {
      await upstream.received
      if (stream) {
        upstream.text('Hel')
        upstream.complete()
      } else await upstream.answer()
      await visit.ended
    },
    produced: ({ stream }) => (stream ? 1 : 4),
    whole: true,
  },
]

const json = { 'content-type': 'application/json' }

describe.each(doors)('$name', (door) => {
  test.each(moments)('$name', async (moment) => {
    const word = await table.cell(door.name, moment.name, () => leaveAt(door, moment))
    expect(word).toMatch(moment.whole ? /^succeeded/ : /^cancelled/)
  })
})

test.each(doors.filter(({ name }) => !name.startsWith('graphql-ws')))(
  '$name: a client that leaves while its key is looked up calls no provider',
  async (door) => {
    await table.cell(door.name, 'before the key is known', async () => {
      const calls = simulator.requests.length
      const { secret } = await gateway.createKey()
      const arrived = once(gateway.running.app.server, 'request')
      const visit = door.ask(gateway, { key: secret })
      await arrived
      visit.leave()
      // One with the same key waits for the same look-up, behind it.
      const next = door.ask(gateway, { key: secret })
      await next.ended
      expect(simulator.requests.length).toBe(calls + 1)
      expect(next.received()).toContain('hello')
      return 'never called'
    })
  },
)

async function leaveAt(door: Door, moment: Moment): Promise<string> {
  const before = await newest()
  const logged = gateway.logs().length
  const upstream = simulator.controlled()
  const visit = door.ask(gateway)
  await Promise.race([moment.reach(door, upstream, visit), endedEarly(visit, upstream)])
  visit.leave()
  await upstream.closed
  const { aborted } = await upstream.received
  expect(aborted).toBe(!moment.whole)
  const row = await settledAfter(before)
  const status = moment.whole ? 'succeeded' : 'cancelled'
  expect(row).toMatchObject({ status, errorCode: moment.whole ? null : 'CANCELLED' })
  expect(row?.attempts).toMatchObject([{ status: status.toUpperCase(), errorCode: null }])
  const produced = moment.produced(door)
  const [attempt] = row?.attempts ?? []
  expect(attempt?.usage?.outputTokens ?? null).toBe(produced)
  expect(attempt?.timeToFirstTokenMs === null).toBe(produced === null)
  expect(gateway.logs().slice(logged)).not.toMatch(/"level":(40|50|60)/)
  return `${status} (${produced ?? '-'})`
}

/** The request that came after another, once it is on the ledger. */
function settledAfter(before: string): ReturnType<typeof requestOf> {
  return vi.waitFor(async () => {
    const id = await newest()
    expect(id).not.toBe(before)
    return requestOf(gateway, id)
  })
}

/** Rejects when the gateway answers without having called the provider. */
async function endedEarly(visit: Visit, { received }: Controlled): Promise<never> {
  const called = await Promise.race([visit.ended.then(() => false), received.then(() => true)])
  if (called) return new Promise(() => {})
  throw new Error(`never called the provider: ${visit.received()}`)
}

/** The id of the newest request on the ledger. */
async function newest(): Promise<string> {
  const answer = await gateway.graphql<{ requests: { edges: { node: { id: string } }[] } }>(
    '{ requests(first: 1) { edges { node { id } } } }',
  )
  return answer.data.requests.edges[0]?.node.id ?? ''
}

function originOf({ url }: OpenaiSimulator): string {
  return new URL(url).origin
}
