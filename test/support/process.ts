import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What such a process has of this one's environment. */
const shared = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
}

/** The gateway as a process of its own, as an operator starts it. */
export interface GatewayProcess {
  child: ChildProcessWithoutNullStreams
  stdout: () => string
  stderr: () => string
  /** Resolves with the first match in what it prints to stdout; rejects when it ends before. */
  printed: (pattern: RegExp) => Promise<string>
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | string>
}

export function startProcess(
  environment: Record<string, string>,
  cwd: string,
  args: readonly string[] = ['src/main.ts'],
): GatewayProcess {
  const [script = '', ...rest] = args
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', `${root}/${script}`, ...rest],
    { cwd, env: { ...shared, PORT: '0', ...environment } },
  )
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)))
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal)
  const printed = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const match = pattern.exec(output.stdout)
      if (match) return match[1] ?? match[0]
      const ended = await Promise.race([once(child.stdout, 'data').then(() => false), exited])
      if (ended !== false && !pattern.test(output.stdout)) {
        throw new Error(`ended with ${String(ended)}: ${output.stderr}`)
      }
    }
  }
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, printed, exited }
}
