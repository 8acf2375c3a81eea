import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultOf } from '../support/fuzz/answer.ts'
import {
  bodyLimitBytes,
  startFuzzGateway,
  type FuzzGateway,
  type FuzzRequest,
} from '../support/fuzz/gateway.ts'
import { graphqlGets, graphqlPosts, otherRequests, restPosts } from '../support/fuzz/requests.ts'
import { graphqlBodies, restBodies } from '../support/fuzz/samples.ts'
import { faultOfBytes, faultOfFrames } from '../support/fuzz/socket.ts'
import { bytes, frames } from '../support/fuzz/wire.ts'
import { resultTable } from '../support/table.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const kindMsMax = 120_000
const table = resultTable(`fuzzed inputs (repeat with FUZZ_SEED=${seed})`, kindMsMax)
const inputsMin = 10_000
const heapGrowthMax = 64 * 1024 ** 2
/** Inputs that are on their way at once. */
const together = 25

let gateway: FuzzGateway
let heapBefore: number
let sent = 0

beforeAll(async () => {
  gateway = await startFuzzGateway()
  for (let round = 0; round < 20; round += 1) await sendValid() // caches and code are warm
  heapBefore = await gateway.heap()
})

afterAll(async () => {
  table.print()
  await gateway.stop()
})

/** Sends `count` inputs, some at once; what fast-check finds it makes smaller and prints with the seed. */
async function fuzz<Input>(
  input: fc.Arbitrary<Input>,
  { count, weight = 1 }: { count: number; weight?: number },
  faultOfInput: (input: Input) => Promise<string | undefined>,
): Promise<void> {
  const crowd = fc.array(input, { minLength: together, maxLength: together, size: 'max' })
  const numRuns = Math.ceil(count / weight / together)
  const property = fc.asyncProperty(crowd, async (inputs) => {
    const faults = await Promise.all(inputs.map(faultOfInput))
    expect(faults.filter((fault) => fault !== undefined)).toEqual([])
    expect(gateway.child.exitCode).toBeNull()
  })
  await fc.assert(property, { seed, numRuns, endOnFailure: true })
  sent += numRuns * together * weight
}

async function faultOfRequest(request: FuzzRequest): Promise<string | undefined> {
  try {
    const answer = await gateway.send(request)
    if (request.method === 'HEAD' && answer.status < 500) return undefined
    const fault = faultOf(answer)
    return fault && `${fault} to ${describeRequest(request)}`
  } catch (error) {
    // Whoever sends on what is refused already may find the connection closed.
    if ((request.body?.length ?? 0) > bodyLimitBytes) return undefined
    return `${String(error)} to ${describeRequest(request)}`
  }
}

function describeRequest({ method, path, headers, body }: FuzzRequest): string {
  const text = body?.toString().slice(0, 1000) ?? ''
  return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 500)} ${text}`
}

async function sendValid(): Promise<void> {
  const headers = {
    authorization: `Bearer ${gateway.key}`,
    'content-type': 'application/json',
  }
  for (const [path, bodies] of [
    ...Object.entries(restBodies),
    ['/graphql', graphqlBodies] as const,
  ]) {
    for (const value of bodies) {
      const body = Buffer.from(JSON.stringify(value))
      const answer = await gateway.send({ method: 'POST', path, headers, body })
      expect([answer.status, answer.text]).toEqual([200, expect.not.stringContaining('"errors"')])
    }
  }
}

describe('odd input is answered, with a failure that blames the client', () => {
  const kinds: [string, number, () => Promise<void>][] = [
    ['REST bodies', 3_500, () => fuzz(restPosts(gateway.key), { count: 3_500 }, faultOfRequest)],
    [
      'GraphQL over POST',
      3_500,
      () => fuzz(graphqlPosts(gateway.key), { count: 3_500 }, faultOfRequest),
    ],
    ['GraphQL over GET', 750, () => fuzz(graphqlGets(gateway.key), { count: 750 }, faultOfRequest)],
    [
      'other routes and methods',
      1_000,
      () => fuzz(otherRequests(gateway.key), { count: 1_000 }, faultOfRequest),
    ],
    [
      'frames of a WebSocket',
      1_250,
      () =>
        fuzz(fc.tuple(frames, fc.nat(9)), { count: 1_250, weight: 5 }, ([sequence, seat]) =>
          faultOfFrames(gateway.url, {
            key: seat === 0 ? undefined : gateway.key,
            frames: sequence,
          }),
        ),
    ],
    [
      'bytes on a bare socket',
      750,
      () => fuzz(bytes(gateway.key), { count: 750 }, (input) => faultOfBytes(gateway.url, input)),
    ],
  ]

  test.each(kinds)(
    '%s',
    async (name, count, run) => {
      await table.cell(name, 'inputs', async () => {
        await run()
        return String(count)
      })
      expect(gateway.child.exitCode).toBeNull()
    },
    kindMsMax,
  )
})

test('ten thousand inputs later the gateway answers as before and holds no more than before', async () => {
  expect(sent).toBeGreaterThanOrEqual(inputsMin)
  await sendValid()
  const growth = (await gateway.heap()) - heapBefore
  await table.cell('the heap', 'growth', async () => `${(growth / 1024 ** 2).toFixed(1)} MiB`)
  expect(growth).toBeLessThan(heapGrowthMax)
  expect(gateway.child.exitCode).toBeNull()
  expect(gateway.stderr()).not.toContain('"level":50')
}, 60_000)
