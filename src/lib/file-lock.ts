import { DatabaseSync } from 'node:sqlite'

/** A lock on a file that no other process can hold; the system lets go of it when the process dies. */
export interface FileLock {
  release(): void
}

/**
 * Takes the lock or returns undefined when another process has it. Node offers no flock; an exclusive
 * SQLite transaction holds the same kind of system lock, and survives neither `kill -9` nor a restart.
 */
export function lockFile(path: string): FileLock | undefined {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined
    throw error
  }
}
