import { parseArgs } from 'node:util'
import type { Config } from './config.ts'
import { migrate } from './db/migrate.ts'
import { currentPrices, replayCosts, summed, type CostDifference } from './gateway/replay.ts'
import { formatNanos } from './lib/decimal.ts'
import type { Money } from './protocol/settlement.ts'
import { correctAttempt } from './services/ledger-entries.ts'
import { openCatalogue, openDatabase } from './start.ts'

export const replayUsage =
  'npm run ledger -- replay [--from 2026-01-01] [--to 2026-02-01] [--prices stored|current] [--apply]'

/** What is asked for; undefined where the words make no sense. */
export function replayOptions(words: readonly string[]): ReplayWords | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        from: { type: 'string', default: '1970-01-01' },
        to: { type: 'string', default: '9999-12-31' },
        prices: { type: 'string', default: 'stored' },
        apply: { type: 'boolean', default: false },
      },
    })
    const [from, to] = [new Date(values.from), new Date(values.to)]
    if (!(from < to) || !['stored', 'current'].includes(values.prices)) return undefined
    return { from, to, current: values.prices === 'current', apply: values.apply }
  } catch {
    return undefined
  }
}

interface ReplayWords {
  from: Date
  to: Date
  /** Whether today's prices are taken, not those of each call. */
  current: boolean
  /** Whether what differs is corrected. */
  apply: boolean
}

/** Prints what differs as a table; 0 where nothing does or all was corrected, else 1. */
export async function replay(
  config: Config,
  { from, to, current, apply }: ReplayWords,
  print: (line: string) => void,
): Promise<number> {
  const database = await openDatabase(config)
  try {
    await migrate(database.address)
    const priceOf = current ? currentPrices(openCatalogue(config)) : undefined
    const totals: Money[] = []
    let [checked, different, unknown] = [0, 0, 0]
    for await (const page of replayCosts(database.db, { from, to, priceOf })) {
      checked += page.attempts
      for (const difference of page.differences) {
        if (different === 0)
          print(tableRow(['request', 'attempt', 'model', 'booked', 'recomputed']))
        print(rowOf(difference))
        different += 1
        if (!difference.recomputed) unknown += 1
        totals.push(...difference.corrections)
        if (apply) await correctAttempt(database, difference)
      }
    }
    print(`${checked} attempts with usage, ${different} differ${sumText(summed(totals))}.`)
    if (unknown > 0) print(`Of ${unknown} the cost cannot be told; they are left as they are.`)
    if (apply && different > unknown) print(`${different - unknown} corrected by adjustments.`)
    return (apply ? unknown : different) > 0 ? 1 : 0
  } finally {
    await database.close()
  }
}

function rowOf({ requestId, attemptNumber, model, booked, recomputed }: CostDifference): string {
  const now = recomputed ? [recomputed] : []
  return tableRow([requestId, String(attemptNumber), model, moneyText(booked), moneyText(now)])
}

function tableRow([request = '', attempt = '', model = '', ...amounts]: string[]): string {
  const [booked = '', recomputed = ''] = amounts
  return [request.padEnd(30), attempt.padEnd(7), model.padEnd(36), booked.padEnd(22), recomputed]
    .join(' ')
    .trimEnd()
}

function moneyText(amounts: readonly Money[]): string {
  return (
    amounts.map((money) => `${formatNanos(money.nanos)} ${money.currency}`).join(' + ') || 'unknown'
  )
}

function sumText(totals: readonly Money[]): string {
  return totals.length === 0 ? '' : `, by ${moneyText(totals)}`
}
