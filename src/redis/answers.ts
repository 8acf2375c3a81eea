import type { RedisKeys } from './client.ts'
import { loadScript, runScript, type Script } from './scripts.ts'

const verb = (file: string): Script => loadScript('answers.lua', file)
const scripts = {
  find: verb('answers-find-2.lua'),
  claim: verb('answers-claim-1.lua'),
  put: verb('answers-put.lua'),
  invalidate: verb('answers-invalidate-4.lua'),
}

/** The scripts of kept answers; times are in milliseconds. */
export interface AnswerScripts {
  /** Takes the claim where there is no answer, unless it is empty. */
  find(
    name: AnswerName,
    claim: string,
    leaseMs: number,
  ): Promise<{ asOf: number; claimed: boolean; text: string | undefined }>
  /** Holds a claim for so long; 0 lets it go. */
  hold(name: AnswerName, claim: string, leaseMs: number): Promise<void>
  /** True where it was kept; the first of the labels is that of everything. */
  put(name: AnswerName, answer: PutAnswer): Promise<boolean>
  /** How many answers a label had; `everything` is the label that all have. */
  invalidate(organization: string, label: string, everything: string): Promise<number>
}

export interface AnswerName {
  organization: string
  digest: string
}

export interface PutAnswer {
  text: string
  ttlMs: number
  asOf: number
  claim: string
  labels: readonly string[]
  totalBytesMax: number
}

/** What an entry takes beside its answer: its names, its labels and the places in the indexes. */
const overheadBytes = 600
/** No answer takes longer than a mark lives. */
const markMs = 86_400_000
const batch = 1_000

export function answerScripts(redis: RedisKeys): AnswerScripts {
  return {
    find: async (name, claim, leaseMs) => {
      const keys = [entryOf(name), claimOf(name)]
      const [asOf, claimed, text] = list(
        await runScript(redis, scripts.find, { keys, args: [claim, String(leaseMs)] }),
      )
      return { asOf: Number(asOf), claimed: claimed === '1', text }
    },
    hold: async (name, claim, leaseMs) => {
      const keys = [claimOf(name)]
      await runScript(redis, scripts.claim, { keys, args: [claim, String(leaseMs)] })
    },
    put: async (name, answer) => {
      const { organization } = name
      const { text, ttlMs, asOf, claim, labels, totalBytesMax } = answer
      const own = labels.flatMap((label) => [
        digestsOf(organization, label),
        markOf(organization, label),
      ])
      const keys = [entryOf(name), claimOf(name), sizesOf(organization), ...own]
      const times = [String(Math.ceil(ttlMs)), String(asOf)]
      const place = [name.digest, redis.prefix + entriesOf(organization), String(overheadBytes)]
      const args = [text, ...times, claim, String(totalBytesMax), ...place]
      return (await runScript(redis, scripts.put, { keys, args })) === 1
    },
    invalidate: async (organization, label, everything) => {
      const own = [digestsOf(organization, label), markOf(organization, label)]
      const keys = [...own, digestsOf(organization, everything), sizesOf(organization)]
      const args = [String(batch), String(markMs), redis.prefix + entriesOf(organization)]
      for (let removed = 0; ;) {
        const [seen, gone] = list(await runScript(redis, scripts.invalidate, { keys, args }))
        removed += Number(gone)
        if (Number(seen) < batch) return removed
      }
    },
  }
}

/** In braces stands what decides about the slot in a cluster. */
function nameOf(organization: string, what: string): string {
  return `answers:{${organization}}:${what}`
}

function entryOf({ organization, digest }: AnswerName): string {
  return nameOf(organization, `entry:${digest}`)
}

/** The name of an entry without its digest, for scripts that name entries themselves. */
function entriesOf(organization: string): string {
  return nameOf(organization, 'entry:')
}

function claimOf({ organization, digest }: AnswerName): string {
  return nameOf(organization, `claim:${digest}`)
}

function sizesOf(organization: string): string {
  return nameOf(organization, 'sizes')
}

function digestsOf(organization: string, label: string): string {
  return nameOf(organization, `label:${label}`)
}

function markOf(organization: string, label: string): string {
  return nameOf(organization, `mark:${label}`)
}

function list(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError('a script of kept answers gave no list')
  return answer.map(String)
}
