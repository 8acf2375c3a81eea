import type { Logger } from 'pino'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { Catalogue, Deployment } from './catalogue.ts'
import type { Ledger } from './ledger.ts'
import type { Metrics } from './metrics.ts'
import type { Shutdown } from './shutdown.ts'

/** What the pipeline needs from outside. */
export interface GatewayDeps {
  catalogue: Catalogue
  ledger: Ledger
  metrics: Metrics
  shutdown: Shutdown
  /** Calls one deployment and decodes what it answers. */
  callUpstream: CallUpstream
  /** Has one deployment count a prompt; undefined where its provider offers no counting. */
  countUpstream: CountUpstream
  logger: Logger
}

export type CountUpstream = (
  deployment: Deployment,
  request: ChatRequest,
) => Promise<number | undefined>

export type CallUpstream = (
  deployment: Deployment,
  request: ChatRequest,
  options: { signal: AbortSignal; onHead: (status: number) => void },
) => AsyncGenerator<ChatEvent>
