import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lockFile, type FileLock } from '../lib/file-lock.ts'
import { TransientMap } from '../lib/transient-map.ts'
import { encodeBriefClose, encodeLine, type JournalLine } from './journal-format.ts'
import type { LedgerRows } from './ledger-rows.ts'

/** A place in the journal: what was settled there is let go of when it is in the database. */
export interface Segment {
  path: string
  /** Settled requests in it that are not in the database yet. */
  owed: number
}

/** The rows of one request, made when its line is written: those of many requests are made together. */
export type LateRows = () => LedgerRows

export interface Journal {
  /** Notes that an upstream is about to be called; resolves when it is on the file. */
  open(id: string, rows: LateRows): Promise<void>
  /** Notes that a request is settled; resolves with its rows, and with the segment that has them where a file took them. */
  close(id: string, rows: LateRows): Promise<Closed>
  /** One settled request of a segment is in the database. */
  written(segment: Segment): void
  /** Closes the file; what is still owed stays for the next process that starts. */
  stop(): void
}

export interface Closed {
  rows: LedgerRows
  segment: Segment | undefined
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
  /** Absent before it is written. */
  line: string | undefined
  /** The decision that is in it. */
  decision: string | undefined
  /** Where it stands; absent while no file has it. */
  segment: Segment | undefined
}

/** A line that is to be written. */
interface Waiting {
  type: JournalLine['type']
  late: LateRows
  /** What is known of the request's own `open`. */
  noted: Noted | undefined
  /** Once it is written; absent where they could not be made, which concerns its own request alone. */
  rows: LedgerRows | undefined
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
  #waiting: Waiting[] = []
  #flushed: PromiseWithResolvers<boolean> | undefined
  #torn = false

  constructor(folder: string, lock: FileLock, settings: JournalSettings) {
    this.#folder = folder
    this.#lock = lock
    this.#settings = settings
    this.#segment = { path: this.#pathOf(1), owed: 0 }
    this.#file = openSync(this.#segment.path, 'a', 0o600)
  }

  async open(id: string, late: LateRows): Promise<void> {
    let noted = this.#running.get(id)
    if (!noted) {
      noted = { line: undefined, decision: undefined, segment: undefined }
      this.#running.set(id, noted)
    }
    const line: Waiting = { type: 'open', late, noted, rows: undefined }
    await this.#append(line)
    if (!line.rows) late() // throws why
  }

  async close(id: string, late: LateRows): Promise<Closed> {
    const segment = this.#segment
    segment.owed += 1
    const noted = this.#running.get(id)
    this.#running.delete(id)
    const line: Waiting = { type: 'close', late, noted, rows: undefined }
    const isTaken = (await this.#append(line)) && line.rows !== undefined
    if (!isTaken) this.written(segment)
    return { rows: line.rows ?? late(), segment: isTaken ? segment : undefined }
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

  /** Resolves with whether the file took the line. */
  #append(line: Waiting): Promise<boolean> {
    this.#waiting.push(line)
    if (!this.#flushed) {
      this.#flushed = Promise.withResolvers()
      setImmediate(() => this.#flush())
    }
    return this.#flushed.promise
  }

  #flush(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    const flushed = this.#flushed
    this.#waiting = []
    this.#flushed = undefined
    try {
      const lines = waiting.map((line) => this.#textOf(line)).join('')
      if (lines !== '') this.#bytes += writeAll(this.#file, `${this.#torn ? '\n' : ''}${lines}`)
      this.#torn = false
      for (const { type, noted } of waiting) {
        if (type === 'open' && noted) noted.segment = this.#segment
      }
      flushed?.resolve(true)
    } catch (error) {
      this.#torn = true
      flushed?.resolve(false)
      this.#settings.onFailure(error)
    }
    if (this.#bytes > this.#settings.segmentBytesMax) this.#rotate()
  }

  /** Makes the rows, too; empty where that fails. */
  #textOf(line: Waiting): string {
    const { type, noted } = line
    try {
      line.rows = line.late()
    } catch {
      return ''
    }
    const { rows } = line
    if (type === 'close') {
      const isKnown = noted?.segment === this.#segment && noted.decision === rows.decision
      return `${isKnown ? encodeBriefClose(rows) : encodeLine({ type, rows })}\n`
    }
    const text = encodeLine({ type, rows })
    if (noted) {
      noted.line = text
      noted.decision = rows.decision
    }
    return `${text}\n`
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
      const running = this.#running.values().filter(({ line }) => line !== undefined)
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
