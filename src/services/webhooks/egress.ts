import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { isPublicAddress } from '../../lib/public-address.ts'
import { reasonOf } from '../../lib/reason.ts'
import { retryAfterMs } from '../../lib/retry-after.ts'
import type { UrlPolicy } from './deps.ts'
import { urlProblem } from './input.ts'

/** What came of sending a message. */
export interface Sent {
  /** The HTTP status; null where there was no answer. */
  status: number | null
  /** What was wrong; null after a 2xx. */
  error: string | null
  /** How long the endpoint asks to wait. */
  retryAfterMs?: number | undefined
}

export interface Message {
  url: string
  headers: Record<string, string>
  body: string
}

export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface EgressOptions {
  policy: UrlPolicy
  /** For an attempt as a whole, from the name's look-up to the end of the answer. */
  timeoutMs: number
  /** The names of hosts; the system's unless told. */
  resolve?: Resolve
}

const answerBytesMax = 16 * 1024
const connectMsMax = 10_000
const retryAfterMsMax = 86_400_000

/**
 * Sends messages to hosts that others named: the addresses of each are checked, and the connection goes to
 * what was checked. Redirects are not followed, and nothing of an answer is kept but its status.
 */
export function openEgress({ policy, timeoutMs, resolve = systemLookup }: EgressOptions) {
  const agent = new Agent({
    allowH2: false,
    maxHeaderSize: answerBytesMax,
    connect: {
      timeout: connectMsMax,
      ...(!policy.allowPrivateNetworks && { lookup: checked(resolve) }),
    },
  })
  return {
    async send({ url, headers, body }: Message, stop: AbortSignal): Promise<Sent> {
      // The policy may have become stricter than when the endpoint was made.
      const problem = urlProblem(url, policy)
      if (problem !== undefined) return { status: null, error: `the URL ${problem}` }
      const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
      try {
        const { origin, pathname, search } = new URL(url)
        const path = pathname + search
        const answer = await agent.request({ origin, path, method: 'POST', headers, body, signal })
        await skip(answer)
        return resultOf(answer)
      } catch (error) {
        if (stop.aborted) throw stop.reason
        const late = signal.aborted
        return { status: null, error: late ? `no answer within ${timeoutMs} ms` : reasonOf(error) }
      }
    },
    close: () => agent.destroy(),
  }
}

function resultOf({ statusCode, headers }: Dispatcher.ResponseData): Sent {
  if (statusCode >= 200 && statusCode <= 299) return { status: statusCode, error: null }
  const wait = retryAfterMs(headers, Date.now())
  return {
    status: statusCode,
    error: `the endpoint answered ${statusCode}`,
    retryAfterMs: wait === undefined ? undefined : Math.min(wait, retryAfterMsMax),
  }
}

/** Reads a short body so that the connection can be used again, and cuts a long one. */
async function skip({ body }: Dispatcher.ResponseData): Promise<void> {
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > answerBytesMax) break // which closes the connection
  }
}

/** A look-up that fails where any address is not public; the connection is made to what it returns. */
function checked(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { all: true }, (error, addresses) => {
      const refused = addresses?.find(({ address }) => !isPublicAddress(address))
      const [first] = addresses ?? []
      if (error) callback(error, '', 0)
      else if (refused) callback(new RefusedAddressError(hostname), '', 0)
      else if (!first) callback(new Error(`${hostname} has no address`), '', 0)
      else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** Says nothing of the address, which may tell of the network behind us. */
class RefusedAddressError extends Error {
  constructor(hostname: string) {
    super(`${hostname} leads to an address that is not of the public Internet`)
    this.name = 'RefusedAddressError'
  }
}
