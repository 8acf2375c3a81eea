import type { ModelInfo, Provider } from '../../src/providers/provider.ts'
import { nativeBut } from '../../src/protocol/features.ts'

/** How an upstream does during a stretch of the run, in seconds from its beginning. */
export interface Phase {
  fromS: number
  /** The usual time to the first token. */
  ttftMs: number
  /** The share of requests that fail; 1 is an upstream that is down. */
  errors?: number
}

/** An upstream that exists in numbers only. */
export interface Upstream {
  id: string
  /** In their order; the first begins at 0. */
  phases: readonly [Phase, ...Phase[]]
  /** For a million tokens, in dollars. */
  price: { input: string; output: string }
  /** Requests of one second; more are refused with what is left in headers. */
  perSecond?: number
  /** Requests that are served at once without waiting for each other. */
  capacity?: number
  local?: boolean
}

/** What the run goes through: one that turns slow, one that goes down, one with a limit, one of one's own. */
export const upstreams: readonly Upstream[] = [
  {
    id: 'fast',
    phases: [
      { fromS: 0, ttftMs: 200 },
      { fromS: 60, ttftMs: 4_000 },
      { fromS: 120, ttftMs: 200 },
    ],
    price: { input: '3', output: '15' },
  },
  {
    id: 'cheap',
    phases: [{ fromS: 0, ttftMs: 700, errors: 0.01 }],
    price: { input: '0.2', output: '0.8' },
    perSecond: 8,
  },
  {
    id: 'steady',
    phases: [{ fromS: 0, ttftMs: 400 }],
    price: { input: '2', output: '8' },
  },
  {
    id: 'failing',
    phases: [
      { fromS: 0, ttftMs: 300 },
      { fromS: 130, ttftMs: 5, errors: 1 },
      { fromS: 190, ttftMs: 300 },
    ],
    price: { input: '1', output: '4' },
  },
  {
    id: 'own',
    phases: [{ fromS: 0, ttftMs: 500 }],
    price: { input: '0', output: '0' },
    capacity: 8,
    local: true,
  },
]

export function phaseAt({ phases }: Upstream, seconds: number): Phase {
  return phases.findLast(({ fromS }) => fromS <= seconds) ?? phases[0]
}

/** The upstream as the catalogue knows it. */
export function providerOf({ id, price, local = false }: Upstream): Provider {
  const perMillion = { inputTokens: price.input, outputTokens: price.output }
  const model: ModelInfo = {
    name: 'model',
    price: { currency: 'USD', perMillion, source: 'simulation' },
  }
  return {
    id,
    baseUrl: 'http://127.0.0.1:9',
    authorize: (request) => request,
    support: nativeBut({}),
    models: [model],
    openModels: false,
    site: { local },
  }
}
