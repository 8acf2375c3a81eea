import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The user that a service runs as: ourselves, or an unprivileged one when we are root. */
export interface ServiceUser {
  uid?: number
  gid?: number
}

const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Postgres refuses to run as root. */
export function unprivilegedUser(): ServiceUser {
  if (process.getuid?.() !== 0) return {}
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('We are root and there is no user postgres or nobody to run Postgres as.')
}

/** A new folder of this user, and how to be rid of it. */
export function serviceFolder(user: ServiceUser): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'xrouter-service-'))
  chmodSync(path, 0o700)
  if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A TCP port on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || !address) throw new Error('the system gave no port')
  return address.port
}

/** Starts a server; it is killed with us at the latest. */
export function startService(
  command: string,
  args: readonly string[],
  user: ServiceUser,
): { child: ChildProcess; exited: Promise<void>; output: () => string } {
  const lines: string[] = []
  const child = spawn(command, args, { ...user, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => lines.push(String(chunk)))
  }
  const exited = once(child, 'exit').then(() => void running.delete(child))
  return { child, exited, output: () => lines.join('') }
}

/** Asks again and again until the service answers; fails with what it printed when it ended or took too long. */
export async function untilReady(
  ask: () => Promise<unknown>,
  service: { child: ChildProcess; output: () => string },
): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const problem = await ask().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
    )
    if (problem === undefined) return
    if (service.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the service did not start: ${problem}\n${service.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
