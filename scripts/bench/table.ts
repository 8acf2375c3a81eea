import type { Added, Measured } from './measure.ts'

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

/** The table of a run, as people read it. */
export function measuredTable(measured: readonly Measured[]): string {
  const head = ['', 'CPU', 'bare proxy', 'ratio', 'database', 'added p50', 'p99', 'bare p50', 'p99']
  return formatTable([
    [...head, 'at', 'RSS', 'full load'],
    ...measured.map(({ row, gateway, proxy, ratio, added }) => [
      row.title,
      `${micros(gateway.cpuUs)}/${row.unit}`,
      micros(proxy.cpuUs),
      ratio === undefined ? '-' : ratio.toFixed(2),
      gateway.workersUs ? micros(gateway.workersUs) : '-',
      ...latency(added.gateway),
      ...latency(added.proxy),
      `${Math.round(added.perSecond)}/s`,
      gateway.residentMb === undefined ? '-' : `${Math.round(gateway.residentMb)} MB`,
      `${Math.round(gateway.perSecond)}/s`,
    ]),
  ])
}

/** What limits add to a request, over what the bare proxy takes for one; nothing where that was not measured. */
export function admissionLine(measured: readonly Measured[]): string {
  const row = measured.find(({ unlimited }) => unlimited !== undefined)
  const [limited, plain] = [row?.gateway.cpuUs, row?.unlimited?.cpuUs]
  const bare = row?.proxy.cpuUs
  if (limited === undefined || plain === undefined || bare === undefined) return ''
  const added = limited - plain
  return `Limits and a budget add ${micros(added)} to a request: ${(added / bare).toFixed(2)} of the bare proxy.\n`
}

function micros(us: number | undefined): string {
  return us === undefined ? '-' : `${us.toFixed(1)} µs`
}

function latency({ p50Ms, p99Ms }: Added): [string, string] {
  return [`${p50Ms.toFixed(2)} ms`, `${p99Ms.toFixed(2)} ms`]
}
