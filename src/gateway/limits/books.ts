import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../lib/reason.ts'
import { sparing } from '../../lib/sparing.ts'
import { within } from '../../lib/within.ts'
import { changedLimitsChannel, everyOrganization } from '../../protocol/limit.ts'
import type { Bus } from '../../redis/bus.ts'
import type { LimitBook } from './book.ts'

/** How long limits are believed when no message says otherwise. */
const freshMs = 10_000
/** How long a request waits for limits that were changed, or that this process does not know. */
const waitMs = 3_000
const askAgainMs = 1_000
const logEveryMs = 10_000

interface Entry {
  book: LimitBook
  freshUntil: number
  /** Set when they are known to have changed: then they are waited for. */
  outdated: boolean
}

/** The limits of organisations as this process knows them; while the database is away the last known ones hold. */
export interface LimitBooks {
  /** At once where they are known. Rejects with OVERLOADED where they are not and cannot be read. */
  of(organization: string): LimitBook | Promise<LimitBook>
}

export function createLimitBooks(settings: {
  load: (organization: string) => Promise<LimitBook>
  bus: Pick<Bus, 'subscribe'>
  logger: Logger
  now?: () => number
}): LimitBooks {
  const { load, bus, logger, now = Date.now } = settings
  const known = new LRUCache<string, Entry>({ max: 10_000 })
  const running = new Map<string, Promise<LimitBook>>()
  let changes = 0
  const complain = sparing(logEveryMs, (error: unknown) =>
    logger.warn({ reason: reasonOf(error) }, 'limits cannot be read; the last known ones hold'),
  )
  bus.subscribe(changedLimitsChannel, (organization) => {
    changes += 1
    if (organization === everyOrganization) {
      for (const entry of known.values()) entry.outdated = true
      return
    }
    const entry = known.get(organization)
    if (entry) entry.outdated = true
  })

  /** What was changed while it was read is read again. */
  async function loadUnchanged(organization: string): Promise<LimitBook> {
    const before = changes
    const book = await load(organization)
    if (changes !== before) return loadUnchanged(organization)
    known.set(organization, { book, freshUntil: now() + freshMs, outdated: false })
    return book
  }

  function read(organization: string): Promise<LimitBook> {
    const reading = running.get(organization)
    if (reading) return reading
    const started = loadUnchanged(organization).finally(() => running.delete(organization))
    running.set(organization, started)
    return started
  }

  async function waited(organization: string, entry: Entry | undefined): Promise<LimitBook> {
    try {
      return await within(read(organization), waitMs)
    } catch (error) {
      complain(error)
      if (!entry) throw unreadable(error)
      entry.outdated = false
      entry.freshUntil = now() + askAgainMs
      return entry.book
    }
  }

  return {
    of(organization) {
      const entry = known.get(organization)
      if (!entry || entry.outdated) return waited(organization, entry)
      if (now() >= entry.freshUntil) {
        entry.freshUntil = now() + askAgainMs
        read(organization).catch(complain)
      }
      return entry.book
    },
  }
}

function unreadable(cause: unknown): GatewayError {
  return new GatewayError({
    code: 'OVERLOADED',
    message: 'The limits could not be read, because the database does not answer. Try again.',
    retryAfterMs: askAgainMs,
    cause,
  })
}
