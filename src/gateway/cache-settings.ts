import type { FinishReason } from '../protocol/event.ts'

/** `on`: for every request that does not say otherwise. `on_request`: for those that ask for it. */
export type CacheMode = 'on' | 'on_request' | 'off'

/** How answers are kept; `[cache]` of the configuration. */
export interface CacheSettings {
  /** For organisations that are not in `organizations`. */
  mode: CacheMode
  organizations: Readonly<Record<string, CacheMode>>
  /** Who shares answers: the keys of an organisation, or nobody but the key itself. */
  owner: 'organization' | 'key'
  /** How long answers are kept unless a request says otherwise, and at most. */
  ttlMs: number
  ttlMsMax: number
  entryBytesMax: number
  /** Of this process's memory; with Redis of each organisation. */
  totalBytesMax: number
  /** Whether requests with tools are cached without asking for it. */
  tools: boolean
  /** An answer with another finish reason is not kept. */
  finishReasons: ReadonlySet<FinishReason['unified']>
  /** A word that is part of every key, and one for single models: with another one older answers are not found. */
  revision: string
  revisions: Readonly<Record<string, string>>
  /** Further members of a request that do not change its answer, as `passthrough.members.trace_id`. */
  ignoredPaths: readonly string[]
  /** How long a request waits for the answer to an equal one. */
  waitMs: number
}
