import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import {
  canMeasure,
  cpuTimeOf,
  parseResidentMb,
  parseSchedstatUs,
  parseStatUs,
  residentMbOf,
} from '../../scripts/bench/cpu.ts'

describe('the files of /proc', () => {
  test('schedstat tells nanoseconds on a CPU first', () => {
    expect(parseSchedstatUs('823726740 32412425 2117\n')).toBeCloseTo(823_726.74)
  })

  test('a kernel that does not count says so with zeros, or has no such file', () => {
    expect(parseSchedstatUs('0 0 0\n')).toBeUndefined()
    expect(parseSchedstatUs('')).toBeUndefined()
  })

  test('stat tells user and system time in ticks, after a name that may hold anything', () => {
    const line =
      '8006 (a ) b (c) S 1 8006 8006 0 -1 4194304 1 2 3 4 150 25 7 9 20 0 11 0 123 456 789 0 0\n'
    expect(parseStatUs(line)).toBe((150 + 25) * 10_000)
  })

  test('status tells the resident memory in kB', () => {
    const status = 'VmPeak:\t 9999 kB\nVmHWM:\t 1192424 kB\nVmRSS:\t  204800 kB\nThreads:\t11\n'
    expect(parseResidentMb(status)).toBe(200)
  })
})

describe.runIf(canMeasure())('this process', () => {
  test('uses CPU time while it works', () => {
    const before = cpuTimeOf(process.pid)
    const start = process.cpuUsage()
    while (process.cpuUsage(start).user < 60_000);
    expect(cpuTimeOf(process.pid).processUs - before.processUs).toBeGreaterThan(10_000)
  })

  test('has its workers counted apart', async () => {
    const code = `const start = process.threadCpuUsage()
      while (process.threadCpuUsage(start).user < 60_000);
      require('node:worker_threads').parentPort.postMessage('done')
      setInterval(() => {}, 1000)`
    const before = cpuTimeOf(process.pid)
    const worker = new Worker(code, { eval: true })
    await once(worker, 'message')
    const after = cpuTimeOf(process.pid)
    await worker.terminate()
    expect(after.workersUs - before.workersUs).toBeGreaterThan(10_000)
  })

  test('has memory', () => {
    expect(residentMbOf(process.pid)).toBeGreaterThan(10)
  })
})
