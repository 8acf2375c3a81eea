import { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { queryObjects } from 'node:v8'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { doors, type Door } from '../support/doors.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import type { Exchange } from '../support/simulators/exchange.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import { resultTable } from '../support/table.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway
const warnings: string[] = []
const warn = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`)
const table = resultTable('2,000 cancelled requests: what the process holds before and after')

beforeAll(async () => {
  process.on('warning', warn)
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"
     discover_models = false`,
  )
})

afterAll(async () => {
  process.off('warning', warn)
  table.print()
  await gateway.stop()
  await simulator.close()
})

const total = 2_000
const concurrency = 50

test('2,000 cancelled requests leave nothing behind', async () => {
  await cancelMany(200) // caches, pools and code are warm
  const before = await calm()
  await cancelMany(total)
  const after = await calm(before)
  for (const [name, count] of Object.entries(before)) {
    await table.cell(name, 'before, after', async () => {
      const left = after[name] ?? 0
      expect(left).toBeLessThanOrEqual(count)
      return `${count}, ${left}`
    })
  }
  expect(Object.keys(after).filter((name) => !(name in before))).toEqual([])
  expect(warnings.filter((text) => text.startsWith('MaxListeners'))).toEqual([])
  // Lines about requests: the database may find such a busy machine slow.
  expect(gateway.logs()).not.toMatch(/"level":(40|50|60).*"requestId"/)
  const { requests } = await statuses()
  expect(new Set(requests)).toEqual(new Set(['cancelled']))
}, 120_000)

async function cancelMany(count: number): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const door = doors[left % doors.length]
      if (door) await cancel(door, left % 2 === 0)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

let visits = 0
const calls = new Map<string, PromiseWithResolvers<Exchange>>()

/** Leaves before the first byte, or in the middle of the answer. */
async function cancel(door: Door, speaks: boolean): Promise<void> {
  const prompt = `visit ${(visits += 1)}`
  const call = Promise.withResolvers<Exchange>()
  calls.set(JSON.stringify(prompt), call)
  // Requests arrive in any order: each finds its own call by its prompt.
  simulator.next((exchange) => {
    const { rawBody } = exchange.request
    calls.get(/"visit \d+"/.exec(rawBody)?.[0] ?? '')?.resolve(exchange)
  })
  const visit = door.ask(gateway, { prompt })
  const exchange = await call.promise
  if (speaks) exchange.begin(4)
  if (speaks && door.stream) await visit.sees('You')
  visit.leave()
  await exchange.request.closed
  calls.delete(JSON.stringify(prompt))
}

type Holdings = Record<string, number>

/** What is held once nothing moves any more; at best as little as before. */
async function calm(before?: Holdings): Promise<Holdings> {
  await statuses() // writes what the ledger owes: counting objects halts the process for a while
  simulator.requests.splice(0) // they keep their answers, and these their sockets
  simulator.invoice.splice(0)
  return vi.waitFor(
    async () => {
      gateway.running.app.server.closeIdleConnections() // that of the question above
      const connections = await connectionsOf(gateway)
      expect([connections, simulator.openSockets]).toEqual([0, 0])
      const held = { ...resources(), ...listeners(), ...objects() }
      for (const [name, count] of Object.entries(before ?? {})) {
        expect([name, held[name] ?? 0]).toEqual([name, Math.min(held[name] ?? 0, count)])
      }
      return held
    },
    { timeout: 15_000, interval: 500 },
  )
}

/** Handles that keep the process alive, by kind. */
function resources(): Holdings {
  const counts: Holdings = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

function listeners(): Holdings {
  const { server } = gateway.running.app
  const counts: Holdings = {}
  for (const [name, emitter] of Object.entries({ server, process })) {
    counts[`listeners of ${name}`] = emitter
      .eventNames()
      .reduce((sum, event) => sum + emitter.listenerCount(event), 0)
  }
  return counts
}

/** Objects on the heap, after a collection: what nobody refers to is not counted. */
function objects(): Holdings {
  const kinds = { Socket, ServerResponse, AbortController }
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      `${name} objects`,
      queryObjects(kind, { format: 'count' }),
    ]),
  )
}

async function connectionsOf({ running }: TestGateway): Promise<number> {
  return new Promise((resolve) => {
    running.app.server.getConnections((_error, count) => resolve(count))
  })
}

async function statuses(): Promise<{ requests: string[] }> {
  const answer = await gateway.graphql<{ requests: { edges: { node: { status: string } }[] } }>(
    '{ requests(first: 100) { edges { node { status } } } }',
  )
  return { requests: answer.data.requests.edges.map(({ node }) => node.status) }
}
