import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { canMeasure, cpuTimeOf, residentMbOf, type CpuTime } from './cpu.ts'
import { openClients, type Meter } from './clients.ts'
import { quantile } from './statistics.ts'
import type { Work } from './workload.ts'

/** What the process that makes the load is told to do. */
export interface LoadOrder {
  url: string
  key: string
  work: Work
  /** Clients that do the work at the same time; with `perSecond`, the most of them. */
  clients: number
  /** Requests are begun at this rate, whether or not others have ended; absent = as fast as the clients can. */
  perSecond?: number | undefined
  warmUpMs: number
  measureMs: number
  /** The process that serves it, where it is to be measured. */
  pid?: number | undefined
}

/** What was seen while it was measured. */
export interface LoadResult {
  /** Requests that were answered, or tokens that arrived. */
  count: number
  perSecond: number
  latencyP50Ms: number
  latencyP99Ms: number
  /** Absent where the process is not ours to look at. */
  cpu?: CpuTime & { residentMb: number }
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const seen: { count: number; latenciesMs: number[] } = { count: 0, latenciesMs: [] }
  const meter: Meter = (latencyMs) => {
    seen.count += 1
    seen.latenciesMs.push(latencyMs)
  }
  const clients = openClients(order, meter)
  try {
    await Promise.race([wait(order.warmUpMs), clients.failed])
    const before = order.pid !== undefined && canMeasure() ? cpuTimeOf(order.pid) : undefined
    seen.count = 0
    seen.latenciesMs = []
    const startedAtMs = performance.now()
    await Promise.race([wait(order.measureMs), clients.failed])
    const seconds = (performance.now() - startedAtMs) / 1000
    const { count, latenciesMs } = seen
    const cpu = before && order.pid !== undefined ? spentSince(before, order.pid) : undefined
    return {
      count,
      perSecond: count / seconds,
      latencyP50Ms: quantile(latenciesMs, 0.5),
      latencyP99Ms: quantile(latenciesMs, 0.99),
      ...(cpu && { cpu }),
    }
  } finally {
    await clients.close()
  }
}

function spentSince(before: CpuTime, pid: number) {
  const after = cpuTimeOf(pid)
  return {
    processUs: after.processUs - before.processUs,
    workersUs: after.workersUs - before.workersUs,
    residentMb: residentMbOf(pid),
  }
}

const orderSchema = z.object({ order: z.unknown() })

/** Our own parent sends nothing else. */
function trusted(order: unknown): LoadOrder {
  return order as LoadOrder
}

process.on('message', (message) => {
  run(trusted(orderSchema.parse(message).order)).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
