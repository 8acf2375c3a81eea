import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** CPU time of a process since its start, in microseconds. */
export interface CpuTime {
  /** Its threads but for those of JavaScript workers. */
  processUs: number
  /** Its JavaScript workers: of a gateway, the embedded database. */
  workersUs: number
}

const workerName = 'WorkerThread'
/** The kernel's clock of /proc/<pid>/stat ticks a hundred times a second everywhere. */
const tickUs = 10_000

/** Where the system tells the time of each thread, to the nanosecond; else in ticks. */
export function cpuTimeOf(pid: number): CpuTime {
  const folder = `/proc/${pid}/task`
  const time: CpuTime = { processUs: 0, workersUs: 0 }
  for (const thread of readdirSync(folder)) {
    const name = readIfThere(`${folder}/${thread}/comm`)?.trim()
    const us = threadUs(`${folder}/${thread}`)
    if (name === undefined || us === undefined) continue
    if (name === workerName) time.workersUs += us
    else time.processUs += us
  }
  return time
}

/** Resident memory of a process in MB (2^20 bytes). */
export function residentMbOf(pid: number): number {
  return parseResidentMb(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** Whether this system tells these things at all. */
export function canMeasure(): boolean {
  return existsSync('/proc/self/task') && existsSync('/proc/self/status')
}

/** Time on a CPU from `schedstat`; undefined where the kernel does not count. */
export function parseSchedstatUs(text: string): number | undefined {
  const nanoseconds = Number(/^(\d+) \d+ \d+/.exec(text)?.[1])
  return nanoseconds > 0 ? nanoseconds / 1000 : undefined
}

/** User and system time from `stat`; the name in it may hold spaces and brackets. */
export function parseStatUs(text: string): number {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  return (user + system) * tickUs
}

export function parseResidentMb(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

function threadUs(folder: string): number | undefined {
  const schedstat = readIfThere(`${folder}/schedstat`)
  const exact = schedstat === undefined ? undefined : parseSchedstatUs(schedstat)
  if (exact !== undefined) return exact
  const stat = readIfThere(`${folder}/stat`)
  return stat === undefined ? undefined : parseStatUs(stat)
}

/** A thread may end between two reads. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
