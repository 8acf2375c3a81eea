import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import type { LoadOrder, LoadResult } from './load.ts'

/** On which CPUs a process may run: the one for what is measured, or the others. */
export type Place = 'measured' | 'rest'

export interface Pinning {
  pin(pid: number, place: Place): void
  /** In words, for the report. */
  said: string
}

/** One CPU for the servers that are measured, the others for everything else, where the system allows it. */
export function openPinning(): Pinning {
  const cpus = availableParallelism()
  const none: Pinning = { pin: () => {}, said: 'nothing is pinned to a CPU' }
  if (cpus < 2 || spawnSync('taskset', ['-p', String(process.pid)]).status !== 0) return none
  const allowed = { measured: '0', rest: `1-${cpus - 1}` }
  const pin = (pid: number, place: Place): void => {
    const pinned = () =>
      spawnSync('taskset', ['-a', '-p', '-c', allowed[place], String(pid)]).status === 0
    // A thread that ends between being seen and being pinned is a failure to taskset.
    if (!pinned() && !pinned() && !pinned()) throw new Error(`cannot pin process ${pid} to a CPU`)
  }
  return { pin, said: `servers on CPU ${allowed.measured}, everything else on ${allowed.rest}` }
}

/** A script of this folder as a process of its own. */
export interface Helper {
  child: ChildProcess
  pid: number
  stop(): Promise<void>
}

/** A helper that serves HTTP. */
export interface HttpHelper extends Helper {
  url: string
}

const portSchema = z.object({ port: z.number() })

/** Starts a server of this folder; resolves when it listens. */
export async function startServer(script: string, args: readonly string[]): Promise<HttpHelper> {
  const helper = forkScript(script, args)
  const { port } = portSchema.parse(await nextMessage(helper.child))
  return { ...helper, url: `http://127.0.0.1:${port}` }
}

/** The process that makes the load, one order after the other. */
export interface Loader extends Helper {
  run(order: LoadOrder): Promise<LoadResult>
}

const answerSchema = z.object({ result: z.unknown().optional(), error: z.string().optional() })

export async function startLoader(): Promise<Loader> {
  const helper = forkScript('load.ts', [])
  await nextMessage(helper.child)
  return {
    ...helper,
    run: async (order) => {
      helper.child.send({ order })
      const { result, error } = answerSchema.parse(await nextMessage(helper.child))
      if (error !== undefined) throw new Error(`${order.work.kind} on ${order.url}: ${error}`)
      return trusted(result)
    },
  }
}

/** Our own child made it. */
function trusted(result: unknown): LoadResult {
  return result as LoadResult
}

function forkScript(script: string, args: readonly string[]): Helper {
  const child = fork(new URL(script, import.meta.url), args, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const exited = once(child, 'exit')
  return {
    child,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill()
      await exited
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController()
  const { signal } = waiting
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a helper process ended with ${String(code)}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), gone])
    return message
  } finally {
    waiting.abort()
    gone.catch(() => {})
  }
}
