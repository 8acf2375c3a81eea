import type { Added, Measured } from './measure.ts'
import type { Spread } from './statistics.ts'

/** Lines whose columns stand under each other; the first column to the left, the others to the right. */
export function formatTable(lines: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const line of lines) {
    line.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  }
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return column === 0 ? cell.padEnd(width) : cell.padStart(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The table of a run, as people read it, and under it what rows take more than others. */
export function measuredTable(measured: readonly Measured[]): string {
  return [tableOf(measured), ...measured.flatMap(comparison)].join('\n')
}

function comparison({ row, gateway, beside }: Measured): string[] {
  if (!beside) return []
  const more = beside.more ? `${beside.more.median.toFixed(2)} (${range(beside.more)})` : '-'
  const [own, other] = [micros(gateway.cpuUs), micros(beside.shown.cpuUs)]
  return [
    `${row.title}: ${own} against ${other} of ${beside.title}: ${more} of the bare proxy more`,
  ]
}

function tableOf(measured: readonly Measured[]): string {
  const head = [
    '',
    'CPU',
    'bare proxy',
    'ratio',
    'half of them',
    'database',
    'added p50',
    'p99',
    'bare p50',
    'p99',
  ]
  return formatTable([
    [...head, 'at', 'RSS', 'full load'],
    ...measured.map(({ row, gateway, proxy, ratio, added }) => [
      row.title,
      `${micros(gateway.cpuUs)}/${row.unit}`,
      micros(proxy.cpuUs),
      ratio ? ratio.median.toFixed(2) : '-',
      ratio ? range(ratio) : '-',
      gateway.workersUs ? micros(gateway.workersUs) : '-',
      ...latency(added.gateway),
      ...latency(added.proxy),
      `${Math.round(added.perSecond)}/s`,
      gateway.residentMb === undefined ? '-' : `${Math.round(gateway.residentMb)} MB`,
      `${Math.round(gateway.perSecond)}/s`,
    ]),
  ])
}

/** Between which two values the middle half of the rounds lies. */
function range({ from, to }: Spread): string {
  return `${from.toFixed(2)}–${to.toFixed(2)}`
}

function micros(us: number | undefined): string {
  return us === undefined ? '-' : `${us.toFixed(1)} µs`
}

function latency({ p50Ms, p99Ms }: Added): [string, string] {
  return [`${p50Ms.toFixed(2)} ms`, `${p99Ms.toFixed(2)} ms`]
}
