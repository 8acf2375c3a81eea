import { sql, type SQL } from 'drizzle-orm'
import type { Database } from '../../db/client.ts'
import { attempts } from '../../db/schema/attempt.ts'
import { requests } from '../../db/schema/request.ts'
import { daySeconds, hourSeconds, usageRollups } from '../../db/schema/usage-rollup.ts'
import type { Money } from '../../protocol/settlement.ts'
import type { BudgetRule } from './book.ts'
import type { LedgerSums } from './meter.ts'
import { slotMsOf } from './period.ts'

/** What an amount is worth in a currency, in nano-units of it; undefined where no rate is known. */
export type ToCurrency = (money: Money, currency: string) => bigint | undefined

export interface SpentQuery {
  organization: string
  rule: BudgetRule
  subject: string
  /** The moment whose window is asked for. */
  now: number
  /** Only what was settled before: the rest is counted as it comes. */
  cutoff: number
}

/** Requests take no longer; a row that was settled after the cutoff began at most so long before it. */
const requestMsMax = 86_400_000

/**
 * What the ledger says was spent of a budget, by slot: whole hours from the roll-ups, the hour in which the
 * window begins and what was settled after the cutoff (to be left out) from the log itself. One statement,
 * so that all of it is of one moment.
 */
export async function readSpent(
  db: Database,
  query: SpentQuery,
  toCurrency: ToCurrency,
): Promise<LedgerSums> {
  const { rule, now, cutoff } = query
  const { row } = rule
  const from = rule.windowAt(now).from
  const hourMs = hourSeconds * 1000
  const firstHour = Math.ceil(from / hourMs) * hourMs
  // Hours are not kept for a lifetime; days are.
  const bucketSeconds = row.period === 'lifetime' ? daySeconds : hourSeconds
  const rolled = rolledUp(query)
  const logged = inLog(query)
  const settledMs = sql`extract(epoch from r.created_at) * 1000 + r.latency_ms`
  const late = sql`r.created_at >= ${date(Math.max(from, cutoff - requestMsMax))} and ${settledMs} >= ${cutoff}::double precision`
  const rows = await db.execute<{ at: string; currency: string; nanos: string }>(sql`
    with amounts as (
      select bucket_start as at, currency, cost_nanos as nanos from ${usageRollups}
      where organization_id = ${query.organization} and bucket_seconds = ${bucketSeconds}
        and bucket_start >= ${date(firstHour)} and currency is not null and ${rolled}
      union all
      select r.created_at, a.cost_currency, -a.cost_nanos::numeric
      from ${requests} r join ${attempts} a on a.request_id = r.id and a.created_at = r.created_at
      where r.organization_id = ${query.organization} and ${late}
        and r.created_at >= ${date(firstHour)} and a.cost_nanos is not null and ${logged}
      union all
      select r.created_at, a.cost_currency, a.cost_nanos::numeric
      from ${requests} r join ${attempts} a on a.request_id = r.id and a.created_at = r.created_at
      where r.organization_id = ${query.organization}
        and r.created_at >= ${date(from)} and r.created_at < ${date(firstHour)}
        and not (${settledMs} >= ${cutoff}::double precision) and a.cost_nanos is not null and ${logged}
    )
    select extract(epoch from date_trunc('hour', at))::bigint::text as at, currency, sum(nanos)::text as nanos
    from amounts group by 1, 2 having sum(nanos) <> 0`)
  const sums = new Map<number, bigint>()
  const slotMs = slotMsOf(row)
  for (const { at, currency, nanos } of rows) {
    const moment = Number(at) * 1000
    const slot = slotMs === undefined ? from : Math.floor(moment / slotMs) * slotMs
    const worth = toCurrency({ currency, nanos: BigInt(nanos) }, row.currency) ?? 0n
    sums.set(slot, (sums.get(slot) ?? 0n) + worth)
  }
  return { cutoff, slots: [...sums].map(([slot, nanos]) => ({ slot, nanos: Number(nanos) })) }
}

function date(moment: number): SQL {
  return sql`${new Date(moment).toISOString()}::timestamptz`
}

/** The roll-ups' rows of a subject. */
function rolledUp({ rule, subject }: SpentQuery): SQL {
  switch (rule.row.scope) {
    case 'organization':
      return sql`tag_name is null`
    case 'key':
      return sql`tag_name is null and coalesce(api_key_id, 'master-key') = ${subject}`
    case 'provider':
      return sql`tag_name is null and provider = ${subject}`
    case 'model':
      return sql`tag_name is null and model = ${subject}`
    case 'tag':
      return sql`tag_name = ${tagOf(subject).name} and tag_value in (${JSON.stringify(tagOf(subject).value)}, ${tagOf(subject).value})`
    case 'user':
      return sql`tag_name is null and user_id = ${subject}`
    default:
      return rule.row.scope satisfies never
  }
}

/** The same of the log, `r` its requests and `a` their attempts. */
function inLog({ rule, subject }: SpentQuery): SQL {
  switch (rule.row.scope) {
    case 'organization':
      return sql`true`
    case 'key':
      return sql`coalesce(r.api_key_id, 'master-key') = ${subject}`
    case 'provider':
      return sql`a.provider = ${subject}`
    case 'model':
      return sql`a.model = ${subject}`
    case 'tag':
      return sql`r.tags->>${tagOf(subject).name} = ${tagOf(subject).value}`
    case 'user':
      return sql`r.user_id = ${subject}`
    default:
      return rule.row.scope satisfies never
  }
}

/** A tag as its subject says it: `team=search`. */
function tagOf(subject: string): { name: string; value: string } {
  const at = subject.indexOf('=')
  return { name: subject.slice(0, at), value: subject.slice(at + 1) }
}
