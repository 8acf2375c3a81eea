import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lockFile, type FileLock } from '../lib/file-lock.ts'
import { TransientMap } from '../lib/transient-map.ts'
import { encodeBriefClose, encodeLine } from './journal-format.ts'
import type { LedgerRows } from './ledger-rows.ts'

/** A place in the journal: what was settled there is let go of when it is in the database. */
export interface Segment {
  path: string
  /** Settled requests in it that are not in the database yet. */
  owed: number
}

export interface Journal {
  /** Notes that an upstream is about to be called; resolves when it is on the file. */
  open(rows: LedgerRows): Promise<void>
  /** Notes that a request is settled; resolves with the segment it is in, or undefined where the file did not take it. */
  close(rows: LedgerRows): Promise<Segment | undefined>
  /** One settled request of a segment is in the database. */
  written(segment: Segment): void
  /** Closes the file; what is still owed stays for the next process that starts. */
  stop(): void
}

export interface JournalSettings {
  /** The folder of all journals; each process has one of its own in it. */
  root: string
  /** The name of this process's folder, never used before. */
  name: string
  segmentBytesMax: number
  /** The file could not be written to: requests go on, but a crash would lose them. */
  onFailure(error: unknown): void
}

/** Opens this process's journal; throws where the folder cannot be written to. */
export function openJournal(settings: JournalSettings): Journal {
  const folder = join(settings.root, settings.name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockFile(join(folder, 'lock'))
  if (!lock) throw new Error(`the journal ${folder} is in use`)
  return new SegmentedJournal(folder, lock, settings)
}

/** The last line of a request whose upstream is being called. */
interface Noted {
  line: string
  /** The decision that is in it. */
  decision: string | undefined
  /** Where it stands; absent while no file has it. */
  segment: Segment | undefined
}

/**
 * Appends lines to files ("segments"). Lines of the same turn of the event loop are written together,
 * with one system call; a segment goes when nothing in it is owed to the database any more.
 */
class SegmentedJournal implements Journal {
  readonly #folder: string
  readonly #lock: FileLock
  readonly #settings: JournalSettings
  /** Requests whose upstream is being called. */
  readonly #running = new TransientMap<Noted>()
  #segment: Segment
  #file: number
  #number = 1
  #bytes = 0
  #lines: string[] = []
  #flushed: PromiseWithResolvers<Segment | undefined> | undefined
  #torn = false

  constructor(folder: string, lock: FileLock, settings: JournalSettings) {
    this.#folder = folder
    this.#lock = lock
    this.#settings = settings
    this.#segment = { path: this.#pathOf(1), owed: 0 }
    this.#file = openSync(this.#segment.path, 'a', 0o600)
  }

  async open(rows: LedgerRows): Promise<void> {
    const line = encodeLine({ type: 'open', rows })
    const noted: Noted = { line, decision: rows.decision, segment: undefined }
    this.#running.set(rows.request.id, noted)
    noted.segment = await this.#append(line)
  }

  async close(rows: LedgerRows): Promise<Segment | undefined> {
    const segment = this.#segment
    segment.owed += 1
    const { id } = rows.request
    const noted = this.#running.get(id)
    this.#running.delete(id)
    const isKnown = noted?.segment === segment && noted.decision === rows.decision
    const line = isKnown ? encodeBriefClose(rows) : encodeLine({ type: 'close', rows })
    if (await this.#append(line)) return segment
    this.written(segment)
    return undefined
  }

  written(segment: Segment): void {
    segment.owed -= 1
    if (segment.owed > 0) return
    if (segment !== this.#segment) rmSync(segment.path, { force: true })
    else if (this.#bytes > this.#settings.segmentBytesMax / 16) this.#rotate()
  }

  stop(): void {
    this.#flush()
    closeSync(this.#file)
    if (this.#segment.owed <= 0 && this.#running.size === 0) rmSync(this.#segment.path)
    const owing = readdirSync(this.#folder).some((name) => name.endsWith('.jsonl'))
    if (!owing) rmSync(this.#folder, { recursive: true })
    this.#lock.release()
  }

  /** Resolves with where the line stands; undefined where the file did not take it. */
  #append(line: string): Promise<Segment | undefined> {
    this.#lines.push(line)
    if (!this.#flushed) {
      this.#flushed = Promise.withResolvers()
      setImmediate(() => this.#flush())
    }
    return this.#flushed.promise
  }

  #flush(): void {
    if (this.#lines.length === 0) return
    const text = `${this.#torn ? '\n' : ''}${this.#lines.join('\n')}\n`
    const flushed = this.#flushed
    this.#lines = []
    this.#flushed = undefined
    try {
      this.#bytes += writeAll(this.#file, text)
      this.#torn = false
      flushed?.resolve(this.#segment)
    } catch (error) {
      this.#torn = true
      flushed?.resolve(undefined)
      this.#settings.onFailure(error)
    }
    if (this.#bytes > this.#settings.segmentBytesMax) this.#rotate()
  }

  /** What is still running is noted again in the new segment, so that the old one can go. */
  #rotate(): void {
    try {
      const path = this.#pathOf(this.#number + 1)
      const file = openSync(path, 'a', 0o600)
      closeSync(this.#file)
      if (this.#segment.owed <= 0) rmSync(this.#segment.path, { force: true })
      this.#number += 1
      this.#file = file
      this.#segment = { path, owed: 0 }
      this.#bytes = 0
      const running = this.#running.values()
      const lines = running.map(({ line }) => `${line}\n`).join('')
      if (lines !== '') this.#bytes += writeAll(file, lines)
      for (const noted of running) noted.segment = this.#segment
    } catch (error) {
      this.#settings.onFailure(error)
    }
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${String(number).padStart(6, '0')}.jsonl`)
  }
}

/** The bytes that it took. A write to a full disk may take a part only; the rest then fails with the reason. */
function writeAll(file: number, text: string): number {
  const length = Buffer.byteLength(text)
  let at = writeSync(file, text)
  if (at === length) return length
  const bytes = Buffer.from(text)
  while (at < length) at += writeSync(file, bytes, at)
  return length
}
