import { LRUCache } from 'lru-cache'
import type { CachePlace } from './cache-key.ts'
import { everything } from '../protocol/cache-label.ts'
import type { CacheStore, Found, StoredEntry } from './cache-store.ts'

interface Kept {
  bytes: Buffer
  labels: readonly string[]
}

/** What an entry takes beside its text: its keys, its labels and the places in the indexes. */
const overheadBytes = 600
const marksMax = 10_000

export interface MemoryStoreSettings {
  entryBytesMax: number
  totalBytesMax: number
  /** A clock in milliseconds that never goes back. */
  now?: () => number
}

/** Answers in this process, the least recently used of them going first. */
export function createMemoryStore(settings: MemoryStoreSettings): CacheStore {
  return new MemoryStore(settings)
}

class MemoryStore implements CacheStore {
  readonly #entryBytesMax: number
  readonly #entries: LRUCache<string, Kept>
  /** The keys of the entries that have a label. */
  readonly #labelled = new Map<string, Set<string>>()
  readonly #claims = new Map<string, string>()
  /** When labels were last invalidated, in invalidations. */
  readonly #marks = new LRUCache<string, number>({ max: marksMax })
  #invalidations = 0
  /** No answer that was begun before is kept: it may have a mark that was forgotten. */
  #forgotten = -1

  constructor({
    entryBytesMax,
    totalBytesMax,
    now = () => performance.now(),
  }: MemoryStoreSettings) {
    this.#entryBytesMax = entryBytesMax
    this.#entries = new LRUCache({
      maxSize: totalBytesMax,
      sizeCalculation: ({ bytes }) => bytes.length + overheadBytes,
      perf: { now },
      // Or its reading of the clock, kept for a while, would outlive an expiry.
      ttlResolution: 0,
      dispose: ({ labels }, key) => this.#unlabel(key, labels),
    })
  }

  async find(place: CachePlace, claim?: string): Promise<Found> {
    const key = keyOf(place)
    const kept = this.#entries.get(key)
    const asOf = this.#invalidations
    if (kept) return { text: kept.bytes.toString(), asOf, claimed: false }
    const claimed = claim !== undefined && !this.#claims.has(key)
    if (claimed) this.#claims.set(key, claim)
    return { asOf, claimed }
  }

  async renew(): Promise<void> {}

  async release(place: CachePlace, claim: string): Promise<void> {
    this.#release(place, claim)
  }

  async put(
    place: CachePlace,
    { text, ttlMs, labels, asOf, claim }: StoredEntry,
  ): Promise<boolean> {
    if (claim !== undefined) this.#release(place, claim)
    const bytes = Buffer.from(text)
    if (bytes.length > this.#entryBytesMax || ttlMs <= 0) return false
    const own = [everything, ...labels].map((label) => labelled(place.organization, label))
    if (asOf <= this.#forgotten) return false
    if (own.some((label) => (this.#marks.get(label) ?? -1) > asOf)) return false
    const key = keyOf(place)
    this.#entries.set(key, { bytes, labels: own }, { ttl: ttlMs })
    if (!this.#entries.has(key)) return false
    for (const label of own) {
      const keys = this.#labelled.get(label) ?? new Set()
      this.#labelled.set(label, keys.add(key))
    }
    return true
  }

  async invalidate(organization: string, label: string): Promise<number> {
    const name = labelled(organization, label)
    if (this.#marks.size >= marksMax && !this.#marks.has(name)) {
      this.#forgotten = this.#invalidations
    }
    this.#invalidations += 1
    this.#marks.set(name, this.#invalidations)
    const keys = [...(this.#labelled.get(name) ?? [])]
    const before = keys.filter((key) => this.#entries.has(key)).length
    for (const key of keys) this.#entries.delete(key)
    return before
  }

  size(): { entries: number; bytes: number } {
    return { entries: this.#entries.size, bytes: this.#entries.calculatedSize }
  }

  #release(place: CachePlace, claim: string): void {
    const key = keyOf(place)
    if (this.#claims.get(key) === claim) this.#claims.delete(key)
  }

  #unlabel(key: string, labels: readonly string[]): void {
    for (const label of labels) {
      const keys = this.#labelled.get(label)
      keys?.delete(key)
      if (keys?.size === 0) this.#labelled.delete(label)
    }
  }
}

function keyOf({ organization, digest }: CachePlace): string {
  return labelled(organization, digest)
}

/** An organisation's own name of something. */
function labelled(organization: string, name: string): string {
  return JSON.stringify([organization, name])
}
