import type { Outcome } from './simulate.ts'

/** What a strategy came to. */
export interface Summary {
  /** Of all requests, by who answered. */
  shares: Record<string, number>
  ttftP50Ms: number
  ttftP95Ms: number
  /** Requests that nobody answered. */
  errors: number
  /** Requests whose first attempt failed. */
  firstFailed: number
  /** In dollars. */
  cost: number
}

export function summaryOf(outcomes: readonly Outcome[]): Summary {
  const answered = outcomes.filter((outcome) => outcome.answered !== undefined)
  const times = answered.map(({ ttftMs }) => ttftMs).toSorted((a, b) => a - b)
  const shares: Record<string, number> = {}
  for (const { answered: who } of answered) {
    if (who !== undefined) shares[who] = (shares[who] ?? 0) + 1 / outcomes.length
  }
  return {
    shares,
    ttftP50Ms: times[Math.floor(times.length * 0.5)] ?? 0,
    ttftP95Ms: times[Math.floor(times.length * 0.95)] ?? 0,
    errors: outcomes.length - answered.length,
    firstFailed: outcomes.filter(({ firstFailed }) => firstFailed).length,
    cost: outcomes.reduce((sum, { cost }) => sum + cost, 0),
  }
}

/** One line for each strategy. */
export function summaryTable(
  summaries: ReadonlyMap<string, Summary>,
  ids: readonly string[],
): string {
  const head = [
    'strategy',
    ...ids.map((id) => `${id} %`),
    'TTFT p50 ms',
    'p95 ms',
    'first failed',
    'errors',
    'cost $',
  ]
  const rows = [...summaries].map(([strategy, summary]) => [
    strategy,
    ...ids.map((id) => (100 * (summary.shares[id] ?? 0)).toFixed(1)),
    summary.ttftP50Ms.toFixed(0),
    summary.ttftP95Ms.toFixed(0),
    String(summary.firstFailed),
    String(summary.errors),
    summary.cost.toFixed(2),
  ])
  const widths = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
