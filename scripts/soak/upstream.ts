import type { Answer } from '../../test/support/simulators/exchange.ts'
import {
  hang,
  httpError,
  resetAfter,
  resetBeforeHead,
  stallAfter,
  truncateAfter,
} from '../../test/support/simulators/faults.ts'
import { startOpenaiSimulator } from '../../test/support/simulators/openai.ts'

/** What the provider does with one request of a client. */
export type Behaviour = 'answer' | 'silence' | 'begin' | Fault

export const faults = {
  'error 500': () => httpError(500),
  'reset before the head': () => resetBeforeHead(),
  'reset in the answer': () => resetAfter(framesBefore),
  'silence before the head': () => hang(),
  'silence in the answer': () => stallAfter(framesBefore),
  truncation: () => truncateAfter(framesBefore),
} satisfies Record<string, () => Answer>

export type Fault = keyof typeof faults

/** Enough for a first word. */
const framesBefore = 4
const frameDelayMs = 2

export interface Expected {
  /** Resolves when the gateway has called. */
  arrived: Promise<void>
  /** Resolves when that call is over. */
  closed: Promise<void>
}

export interface SoakUpstream {
  url: string
  apiKey: string
  openSockets: () => number
  /** Registers what becomes of the request with this text; a second call for it is answered well. */
  expect(text: string, behaviour: Behaviour): Expected
  close(): Promise<void>
}

interface Pending {
  behaviour: Behaviour
  arrived: () => void
  closed: () => void
}

/** The OpenAI simulator, with an answer for each request by the text of its last message. */
export async function startUpstream(): Promise<SoakUpstream> {
  const apiKey = 'sk-simulated'
  const simulator = await startOpenaiSimulator({ apiKey, frameDelayMs })
  const pending = new Map<string, Pending>()
  const dispatch: Answer = async (exchange) => {
    simulator.next(dispatch)
    // What it remembers for assertions would be all that this run remembers.
    simulator.requests.length = 0
    simulator.invoice.length = 0
    const text = /soak-\d+/.exec(exchange.request.rawBody)?.[0] ?? ''
    const first = pending.get(text)
    pending.delete(text)
    if (!first) return exchange.respond()
    first.arrived()
    void exchange.request.closed.then(first.closed)
    return answerOf(first.behaviour)(exchange)
  }
  simulator.next(dispatch)
  return {
    url: simulator.url,
    apiKey,
    openSockets: () => simulator.openSockets,
    expect(text, behaviour) {
      const arrived = Promise.withResolvers<void>()
      const closed = Promise.withResolvers<void>()
      pending.set(text, { behaviour, arrived: arrived.resolve, closed: closed.resolve })
      return { arrived: arrived.promise, closed: closed.promise }
    },
    close: () => simulator.close(),
  }
}

function answerOf(behaviour: Behaviour): Answer {
  switch (behaviour) {
    case 'answer':
      return (exchange) => exchange.respond()
    case 'silence':
      return hang()
    case 'begin':
      return stallAfter(framesBefore)
    default:
      return faults[behaviour]()
  }
}
