import type { LoadOrder, LoadResult } from './load.ts'
import { median } from './statistics.ts'
import { connections, streams, type Row, type Work } from './workload.ts'

/** A server to send the work to. */
export interface Target {
  url: string
  key: string
  /** A key that has every kind of limit, and a budget; absent where there is none. */
  limitedKey?: string | undefined
  model: string
  /** Its process; absent where only its answers can be looked at. */
  pid?: number | undefined
}

/** The servers of one run: the one in question, the bare proxy, and the provider that both call. */
export interface Targets {
  gateway: Target
  proxy: Target
  direct: Target
}

export interface Pace {
  rounds: number
  warmUpMs: number
  measureMs: number
}

/** What one server showed, medians over the rounds. */
export interface Shown {
  perSecond: number
  /** CPU time of its process for each request or token; absent where it is not ours to look at. */
  cpuUs?: number
  /** The same of its JavaScript workers, the embedded database. */
  workersUs?: number
  residentMb?: number
}

/** Beyond what the provider takes by itself, at half of the load. */
export interface Added {
  p50Ms: number
  p99Ms: number
}

export interface Measured {
  row: Row
  gateway: Shown
  proxy: Shown
  /** CPU time of the gateway over that of the proxy. */
  ratio?: number
  /** The gateway's other work in the same rounds, and by how much of the proxy's CPU time the row is dearer. */
  beside?: { shown: Shown; title: string; more?: number }
  added: { gateway: Added; proxy: Added; perSecond: number }
}

type Run = (order: LoadOrder) => Promise<LoadResult>

/** One row of the table. The two servers take turns, so that what disturbs the machine disturbs both. */
export async function measureRow(
  row: Row,
  { targets, pace, run }: { targets: Targets; pace: Pace; run: Run },
): Promise<Measured> {
  const work = row.work(targets.gateway.model)
  const seen: Record<'gateway' | 'proxy' | 'beside', LoadResult[]> = {
    gateway: [],
    proxy: [],
    beside: [],
  }
  const limited = keyOf(row, targets.gateway)
  const other = row.beside?.work(targets.gateway.model)
  // The turns before the first round are for the compiler alone.
  for (let round = -1; round < pace.rounds; round += 1) {
    const gateway = await run({ ...orderFor(targets.gateway, work, pace), ...limited })
    const beside = other && (await run(orderFor(targets.gateway, other, pace)))
    const proxy = await run(orderFor(targets.proxy, row.bare, pace))
    if (round < 0) continue
    if (beside) seen.beside.push(beside)
    seen.gateway.push(gateway)
    seen.proxy.push(proxy)
  }
  const gateway = shown(seen.gateway)
  const proxy = shown(seen.proxy)
  const half = halfLoad(work, Math.min(gateway.perSecond, proxy.perSecond))
  const added = await measureAdded(row, { targets, pace, run, half })
  const ratio =
    gateway.cpuUs !== undefined && proxy.cpuUs !== undefined && gateway.cpuUs / proxy.cpuUs
  return {
    row,
    gateway,
    proxy,
    ...(ratio !== false && { ratio }),
    ...(row.beside && { beside: { title: row.beside.title, ...dearer(seen) } }),
    added: { ...added, perSecond: half.perSecond ?? proxy.perSecond / 2 },
  }
}

/** The medians, and what a request of the row takes more than one of the other work, as a part of the proxy's. */
function dearer(seen: Record<'gateway' | 'proxy' | 'beside', LoadResult[]>) {
  const [gateway, proxy, beside] = [shown(seen.gateway), shown(seen.proxy), shown(seen.beside)]
  if (gateway.cpuUs === undefined || beside.cpuUs === undefined || proxy.cpuUs === undefined) {
    return { shown: beside }
  }
  return { shown: beside, more: (gateway.cpuUs - beside.cpuUs) / proxy.cpuUs }
}

function orderFor({ url, key, pid }: Target, work: Work, pace: Pace): LoadOrder {
  const clients = work.kind === 'request' ? connections : streams
  const { warmUpMs, measureMs } = pace
  return { url, key, work, pid, clients, warmUpMs, measureMs }
}

/** The key that has limits, for a row that is about these. */
function keyOf({ limited }: Row, { limitedKey }: Target): { key: string } | undefined {
  return limited && limitedKey !== undefined ? { key: limitedKey } : undefined
}

/** For requests half of the rate that the slower one reached, for streams half of the streams. */
function halfLoad(work: Work, fullPerSecond: number): Pick<LoadOrder, 'clients' | 'perSecond'> {
  return work.kind === 'request'
    ? { clients: connections, perSecond: Math.round(fullPerSecond / 2) }
    : { clients: streams / 2 }
}

async function measureAdded(
  row: Row,
  options: {
    targets: Targets
    pace: Pace
    run: Run
    half: Pick<LoadOrder, 'clients' | 'perSecond'>
  },
): Promise<{ gateway: Added; proxy: Added }> {
  const { targets, pace, run, half } = options
  const results: Record<keyof Targets, LoadResult[]> = { gateway: [], proxy: [], direct: [] }
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const name of ['direct', 'gateway', 'proxy'] as const) {
      const work = name === 'gateway' ? row.work(targets.gateway.model) : row.bare
      const order = { ...orderFor(targets[name], work, pace), ...keyOf(row, targets[name]) }
      results[name].push(await run({ ...order, ...half }))
    }
  }
  const p50 = (name: keyof Targets) => median(results[name].map((each) => each.latencyP50Ms))
  const p99 = (name: keyof Targets) => median(results[name].map((each) => each.latencyP99Ms))
  const addedBy = (name: 'gateway' | 'proxy'): Added => ({
    p50Ms: p50(name) - p50('direct'),
    p99Ms: p99(name) - p99('direct'),
  })
  return { gateway: addedBy('gateway'), proxy: addedBy('proxy') }
}

function shown(results: readonly LoadResult[]): Shown {
  const perSecond = median(results.map((each) => each.perSecond))
  const cpus = results.flatMap(({ cpu, count }) => (cpu ? [{ ...cpu, count }] : []))
  if (cpus.length < results.length) return { perSecond }
  return {
    perSecond,
    cpuUs: median(cpus.map(({ processUs, count }) => processUs / count)),
    workersUs: median(cpus.map(({ workersUs, count }) => workersUs / count)),
    residentMb: Math.max(...cpus.map(({ residentMb }) => residentMb)),
  }
}
