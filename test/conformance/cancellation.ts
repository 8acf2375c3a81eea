import { expect } from 'vitest'
import type { TestGateway } from '../support/gateway.ts'
import { hang } from '../support/simulators/faults.ts'
import type { RecordedRequest } from '../support/simulators/provider.ts'
import type { Simulator } from '../support/simulators/server.ts'
import type { Way } from './question.ts'
import { ask } from './ways.ts'

interface Visit {
  gateway: TestGateway
  way: Way
  simulator: Simulator
  model: string
}

/** Leaves amid the answer, or before it where it comes whole; the upstream must see its connection close. */
export async function cancellation({ gateway, way, simulator, model }: Visit): Promise<string> {
  const client = new AbortController()
  const seen = Promise.withResolvers<void>()
  const upstream = play(simulator, way)
  const answered = ask(gateway, way, {
    model,
    question: { turns: [{ role: 'user', text: 'hello' }] },
    signal: client.signal,
    onPiece: (text) => {
      if (text.includes('Hel')) seen.resolve()
    },
  })
  const gone = answered.then(
    () => 'answered',
    (error: unknown) => String(error),
  )
  const request = await upstream.received
  upstream.speak()
  if (way.stream) await seen.promise
  client.abort()
  expect(await gone).toMatch(/abort/i)
  await request.closed
  expect(request.aborted).toBe(true)
  return 'closed'
}

/** A provider that says a piece of its answer and no more, or nothing where the answer comes whole. */
function play(
  simulator: Simulator,
  { stream }: Way,
): { received: Promise<RecordedRequest>; speak(): void } {
  if (!stream) {
    const silent = hang()
    simulator.next(silent)
    return { received: silent.received, speak: () => {} }
  }
  const upstream = simulator.controlled()
  return { received: upstream.received, speak: () => upstream.text('Hel') }
}
