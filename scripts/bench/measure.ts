import type { LoadOrder, LoadResult } from './load.ts'
import { median, spreadOf, type Spread } from './statistics.ts'
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
  /** Before the first round, for the compiler. */
  settleMs: number
  /** At the beginning of each turn. */
  warmUpMs: number
  measureMs: number
}

/** Latencies are medians of many requests already: fewer rounds will do. */
const addedRoundsMax = 3

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
  /** CPU time of the gateway over that of the proxy, of each round. */
  ratio?: Spread
  /** The gateway's other work in the same rounds, and by how much of the proxy's CPU time the row is dearer. */
  beside?: { shown: Shown; title: string; more?: Spread }
  added: { gateway: Added; proxy: Added; perSecond: number }
}

type Run = (order: LoadOrder) => Promise<LoadResult>

type Seen = Record<'gateway' | 'proxy' | 'beside', LoadResult[]>

/**
 * One row of the table. The servers take turns, once in this order and once in the other, and are compared round
 * by round: what disturbs the machine disturbs both.
 */
export async function measureRow(
  row: Row,
  { targets, pace, run }: { targets: Targets; pace: Pace; run: Run },
): Promise<Measured> {
  const { gateway: target } = targets
  const orders = {
    gateway: { ...orderFor(target, row.work(target.model), pace), ...keyOf(row, target) },
    beside: row.beside && orderFor(target, row.beside.work(target.model), pace),
    proxy: orderFor(targets.proxy, row.bare, pace),
  }
  const seen: Seen = { gateway: [], proxy: [], beside: [] }
  const turns = ['gateway', 'beside', 'proxy'] as const
  for (const name of turns) {
    const order = orders[name]
    if (order) await run({ ...order, measureMs: pace.settleMs })
  }
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const name of round % 2 === 0 ? turns : turns.toReversed()) {
      const order = orders[name]
      if (order) seen[name].push(await run(order))
    }
  }
  const gateway = shown(seen.gateway)
  const proxy = shown(seen.proxy)
  const half = halfLoad(orders.gateway.work, Math.min(gateway.perSecond, proxy.perSecond))
  const added = await measureAdded(row, { targets, pace, run, half })
  const ratio = compared(seen, (own, bare) => own / bare)
  const more = compared(seen, (own, bare, beside) => (own - beside) / bare)
  return {
    row,
    gateway,
    proxy,
    ...(ratio && { ratio }),
    ...(row.beside && {
      beside: { title: row.beside.title, shown: shown(seen.beside), ...(more && { more }) },
    }),
    added: { ...added, perSecond: half.perSecond ?? proxy.perSecond / 2 },
  }
}

/** CPU times of the same rounds; undefined where one of them is not known. */
function compared(
  seen: Seen,
  compare: (gateway: number, proxy: number, beside: number) => number,
): Spread | undefined {
  const rounds = seen.gateway.map((gateway, round) =>
    compare(cpuUsOf(gateway), cpuUsOf(seen.proxy[round]), cpuUsOf(seen.beside[round])),
  )
  return rounds.some(Number.isNaN) ? undefined : spreadOf(rounds)
}

/** NaN where it is not known. */
function cpuUsOf(result: LoadResult | undefined): number {
  return result?.cpu ? result.cpu.processUs / result.count : Number.NaN
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
  for (let round = 0; round < Math.min(pace.rounds, addedRoundsMax); round += 1) {
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
