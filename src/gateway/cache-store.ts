import type { CachePlace } from './cache-key.ts'

/** Where answers are kept. Every method rejects when the store is away; nothing of it is needed for an answer. */
export interface CacheStore {
  /**
   * The answer at a place. Where there is none and `claim` is given, the caller may become the one who makes
   * it: until `put` or `release` of the same claim nobody else on any instance does.
   */
  find(place: CachePlace, claim?: string): Promise<Found>
  /** How often a claim must be renewed; absent where it need not be. */
  renewEveryMs?: number
  /** Goes on holding a claim. */
  renew(place: CachePlace, claim: string): Promise<void>
  release(place: CachePlace, claim: string): Promise<void>
  /** Keeps an answer, unless one of its labels was invalidated since `asOf`; false where it was not kept. */
  put(place: CachePlace, entry: StoredEntry): Promise<boolean>
  /** Removes what an organisation keeps under a label; how many answers that were. */
  invalidate(organization: string, label: string): Promise<number>
  /** What is kept in this process; absent where that is elsewhere. */
  size?(): { entries: number; bytes: number }
}

export interface Found {
  text?: string | undefined
  /** A moment in the store's own time. */
  asOf: number
  claimed: boolean
}

export interface StoredEntry {
  text: string
  ttlMs: number
  /** What it can be invalidated by. */
  labels: readonly string[]
  /** The moment that `find` gave before the answer was made. */
  asOf: number
  claim?: string | undefined
}
