import { createHash } from 'node:crypto'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { GatewayError, invalidRequest, type ErrorCode } from './errors.ts'
import { canonicalJson } from './lib/canonical-json.ts'
import { reasonOf } from './lib/reason.ts'
import { recordAnswer, type RecordedAnswer } from './lib/record-answer.ts'
import { within } from './lib/within.ts'
import type { Actor } from './protocol/actor.ts'
import type { OnSettled, Settlement } from './protocol/settlement.ts'
import type { ServiceDeps } from './services/deps.ts'
import {
  claimIdempotencyKey,
  keepIdempotentAnswer,
  releaseIdempotencyKey,
  renewIdempotencyKey,
  sweepIdempotencyKeys,
  type Claim,
  type IdempotentRequest,
  type StoredAnswer,
} from './services/idempotency-keys.ts'

/** The header that makes a repetition of a request harmless. */
export const idempotencyHeader = 'idempotency-key'

/** The header of an answer that was given before. */
export const replayHeader = 'x-xrouter-idempotent-replay'

/** One HTTP exchange whose request has an `Idempotency-Key`. */
export interface IdempotentExchange {
  actor: Actor
  key: string | string[]
  route: string
  body: unknown
  requestId: string
  response: ServerResponse
}

/** The answer of the first request, or whom to tell how this one is settled: it runs, and its answer is kept. */
export type Begun = { replay: ReplayedAnswer } | { onSettled: OnSettled }

/** What a repetition is answered with. */
export interface ReplayedAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

export interface Idempotency {
  /** Throws CONFLICT while the first request runs, and for another request with the same key. */
  begin(exchange: IdempotentExchange): Promise<Begun>
  close(): void
}

const bodyBytesMax = 4 * 1024 * 1024
const claimMsMax = 3_000
const keepMsMax = 5_000
const renewEveryMs = 20_000
const sweepEveryMs = 600_000
const askAgainMs = 1_000

/** Runs requests with an `Idempotency-Key` once and keeps their answers for repetitions, over all instances. */
export function createIdempotency(deps: Pick<ServiceDeps, 'db'>, logger: Logger): Idempotency {
  const complain = (what: string) => (error: unknown) =>
    logger.warn({ reason: reasonOf(error) }, what)
  const sweeper = setInterval(
    () => void sweepIdempotencyKeys(deps).catch(complain('idempotency keys were not cleaned up')),
    sweepEveryMs,
  ).unref()

  /** Answers on their way into the database: their clients may have read the last frame already. */
  const finishing = new Map<string, Promise<void>>()

  function follow(request: IdempotentRequest, response: ServerResponse): OnSettled {
    let worthKeeping = false
    const renewing = setInterval(
      () => void renewIdempotencyKey(deps, request).catch(complain('a lease was not renewed')),
      renewEveryMs,
    ).unref()
    const finish = (ending: Promise<void>): Promise<void> => {
      clearInterval(renewing)
      const name = nameOf(request)
      const finished = within(ending, keepMsMax)
        .catch(complain('an idempotent answer was not kept'))
        .finally(() => finishing.delete(name))
      finishing.set(name, finished)
      return finished
    }
    recordAnswer(response, {
      bodyBytesMax,
      onEnd: (answer) =>
        finish(
          worthKeeping
            ? keepIdempotentAnswer(deps, request, stored(answer))
            : releaseIdempotencyKey(deps, request),
        ),
      onLeft: () => void finish(releaseIdempotencyKey(deps, request)),
    })
    return (settlement) => void (worthKeeping ||= mayBeBilled(settlement))
  }

  return {
    begin: async ({ actor, key, route, body, requestId, response }) => {
      const request = {
        organizationId: actor.organization,
        actorId: actor.id,
        key: checkedKey(key),
        fingerprint: fingerprintOf(route, body),
        requestId,
      }
      await finishing.get(nameOf(request))
      const claim = await within(claimIdempotencyKey(deps, request), claimMsMax).catch(notClaimed)
      const answer = answerOf(claim)
      return answer ? { replay: answer } : { onSettled: follow(request, response) }
    },
    close: () => clearInterval(sweeper),
  }
}

function checkedKey(key: string | string[]): string {
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key
  throw invalidRequest(
    idempotencyHeader,
    'The header `Idempotency-Key` must be one text of 1 to 255 printable ASCII characters.',
  )
}

function nameOf({ organizationId, actorId, key }: IdempotentRequest): string {
  return JSON.stringify([organizationId, actorId, key])
}

function fingerprintOf(route: string, body: unknown): string {
  try {
    const text = `${route}\n${canonicalJson(body)}`
    return createHash('sha256').update(text).digest('base64url')
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalidRequest(undefined, 'The body is nested too deeply.')
  }
}

/** What to answer with; undefined when the request is to be run. */
function answerOf(claim: Claim): ReplayedAnswer | undefined {
  switch (claim.kind) {
    case 'run':
      return undefined
    case 'running':
      throw conflict('The first request with this `Idempotency-Key` still runs. Try again.', {
        retryAfterMs: askAgainMs,
      })
    case 'other-request':
      throw conflict(
        'This `Idempotency-Key` was used for another request. Use a key of its own for each request.',
      )
    case 'answered':
      return replayOf(claim.answer)
    default:
      return claim satisfies never
  }
}

function replayOf({ status, headers, body }: StoredAnswer): ReplayedAnswer {
  if (body) return { status, headers: { ...headers, [replayHeader]: 'true' }, body }
  throw conflict(
    `The request with this \`Idempotency-Key\` was answered, but the answer was larger than ${bodyBytesMax} bytes and was not kept.`,
  )
}

function conflict(message: string, { retryAfterMs }: { retryAfterMs?: number } = {}): GatewayError {
  return new GatewayError({ code: 'CONFLICT', message, path: idempotencyHeader, retryAfterMs })
}

function notClaimed(cause: unknown): never {
  throw new GatewayError({
    code: 'OVERLOADED',
    message:
      'The `Idempotency-Key` could not be checked, because the database does not answer. Try again.',
    retryAfterMs: askAgainMs,
    cause,
  })
}

/** With these a provider refuses work, or was never asked. */
const turnedAway: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_RATE_LIMITED',
  'PROVIDER_AUTH',
  'MODEL_NOT_FOUND',
])

/** Whether a second run might be billed a second time; one that no provider took may be tried again. */
function mayBeBilled({ status, attempts }: Settlement): boolean {
  if (status === 'cancelled') return false
  return status === 'succeeded' || attempts.some(({ errorCode }) => !turnedAway.has(errorCode))
}

function stored({ status, headers, body }: RecordedAnswer): StoredAnswer {
  return { status, headers: keptHeaders(headers), body: body ?? null }
}

const keptNames = new Set(['content-type', 'retry-after', 'request-id', 'x-request-id'])

/** Headers that tell of the answer, not of the connection or of the limits at that time. */
function keptHeaders(headers: OutgoingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value !== undefined && (keptNames.has(name) || name.startsWith('x-xrouter-'))
      ? [[name, String(value)]]
      : [],
  )
  return Object.fromEntries(kept)
}
