import { expect } from 'vitest'
import type { TestGateway } from '../support/gateway.ts'
import { hang } from '../support/simulators/faults.ts'
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
export async function cancellation(visit: Visit): Promise<string> {
  const client = new AbortController()
  const seen = Promise.withResolvers<void>()
  const question = { turns: [{ role: 'user' as const, text: 'hello' }] }
  const answered = (): Promise<unknown> =>
    ask(visit.gateway, visit.way, {
      model: visit.model,
      question,
      signal: client.signal,
      onPiece: (text) => {
        if (text.includes('Hel')) seen.resolve()
      },
    })
  if (!visit.way.stream) {
    const upstream = hang()
    visit.simulator.next(upstream)
    const gone = expect(answered()).rejects.toThrow(/abort/)
    const request = await upstream.received
    client.abort()
    await gone
    await request.closed
    expect(request.aborted).toBe(true)
    return 'closed'
  }
  const upstream = visit.simulator.controlled()
  const gone = expect(answered()).rejects.toThrow(/abort/)
  const request = await upstream.received
  upstream.text('Hel')
  await seen.promise
  client.abort()
  await gone
  await upstream.closed
  expect(request.aborted).toBe(true)
  return 'closed'
}
