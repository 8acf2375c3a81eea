import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { lockFile, type FileLock } from '../lib/file-lock.ts'
import { reasonOf } from '../lib/reason.ts'

/** The embedded Postgres (PGlite), running in a worker thread behind a unix socket. */
export interface EmbeddedDatabase {
  socketPath: string
  stop(): Promise<void>
}

/** What the worker is told at its start. */
export interface EmbeddedWorkerData {
  folder: string
  socketPath: string
}

/** Opens the database in `<dataDir>/postgres`; a second process on the same folder is refused, it would lose data. */
export async function startEmbedded(dataDir: string): Promise<EmbeddedDatabase> {
  const folder = resolve(dataDir)
  const lock = takeFolder(folder)
  // A unix socket's path may have some 100 bytes, too few for many data folders.
  const socketDir = mkdtempSync(join(tmpdir(), 'xrouter-'))
  const socketPath = join(socketDir, '.s.PGSQL.5432')
  const workerData: EmbeddedWorkerData = { folder: join(folder, 'postgres'), socketPath }
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData })
  const release = (): void => {
    rmSync(socketDir, { recursive: true, force: true })
    lock.release()
  }
  try {
    await once(worker, 'message')
  } catch (error) {
    release()
    throw unusable(folder, `the embedded database does not start there: ${reasonOf(error)}`)
  }
  return {
    socketPath,
    stop: async () => {
      worker.postMessage('stop')
      await once(worker, 'exit')
      release()
    },
  }
}

/** The data folder cannot be used; the message says why and what to do. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError'
}

function takeFolder(folder: string): FileLock {
  let lock: FileLock | undefined
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    lock = lockFile(join(folder, 'lock'))
  } catch (error) {
    throw unusable(folder, reasonOf(error))
  }
  if (lock) return lock
  throw new DataDirError(
    `Another XRouter process uses the data folder ${folder}. Stop it, give this one a folder of its own ` +
      '(XROUTER_DATA_DIR), or use Postgres (DATABASE_URL) for several instances.',
  )
}

function unusable(folder: string, reason: string): DataDirError {
  return new DataDirError(
    `The data folder ${folder} cannot be used (${reason}). Make it writable, free some space, ` +
      'or set XROUTER_DATA_DIR to another folder.',
  )
}
