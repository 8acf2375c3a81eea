import { write, writeSync } from 'node:fs'

/** Each write is a job for another thread, whose cost is that of many lines. */
const bufferedBytes = 65_536
const delayMs = 100
const retryMs = 10
/** In UTF-8, of one unit of a string. */
const bytesPerUnitMax = 3

/**
 * Writes text to an open file, several pieces with one system call, none of them later than a tenth of a
 * second. What cannot be written at all, because nobody reads the file any more, is dropped.
 */
export class BufferedFile {
  readonly #file: number
  /** The pieces as bytes: strings that wait are copied by each collection of young objects. */
  #bytes: Buffer = Buffer.allocUnsafeSlow(2 * bufferedBytes)
  #used = 0
  /** Filled next, while `#bytes` is being written. */
  #spare: Buffer | undefined
  #timer: NodeJS.Timeout | undefined
  /** What is being written, from the first byte that is not on the file yet. */
  #rest: Buffer | undefined
  #written: PromiseWithResolvers<void> | undefined

  constructor(file: number) {
    this.#file = file
  }

  write(text: string): void {
    this.#makeRoom(text.length * bytesPerUnitMax)
    this.#used += this.#bytes.write(text, this.#used)
    if (!this.#rest) this.#startInTime()
  }

  /** Resolves when everything is on the file. */
  async flush(): Promise<void> {
    while (this.#rest || this.#used > 0) {
      if (!this.#rest) this.#start()
      this.#written ??= Promise.withResolvers()
      await this.#written.promise
    }
  }

  /** Writes what has not been begun to be written, for a process that ends now. */
  flushSync(): void {
    let rest = this.#take()
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.#file, rest))
      } catch (error) {
        if (!isBusy(error)) return
      }
    }
  }

  /** Where the file takes less than comes, the buffer grows. */
  #makeRoom(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#used + bytes))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }

  #take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#used)
    this.#bytes = this.#spare ?? Buffer.allocUnsafeSlow(2 * bufferedBytes)
    this.#spare = undefined
    this.#used = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
    return taken
  }

  /** A full buffer at once, less than that in a moment. */
  #startInTime(): void {
    if (this.#used >= bufferedBytes) this.#start()
    else if (this.#used > 0) this.#timer ??= setTimeout(() => this.#start(), delayMs).unref()
  }

  #start(): void {
    const whole = this.#bytes
    this.#rest = this.#take()
    this.#write(this.#rest, whole)
  }

  #write(bytes: Buffer, whole: Buffer): void {
    write(this.#file, bytes, (error, count) => {
      if (isBusy(error)) return void setTimeout(() => this.#write(bytes, whole), retryMs)
      const rest = error ? Buffer.alloc(0) : bytes.subarray(count)
      if (rest.length > 0) return this.#write((this.#rest = rest), whole)
      this.#rest = undefined
      // One that had to grow is let go of.
      if (whole.length === 2 * bufferedBytes) this.#spare = whole
      this.#written?.resolve()
      this.#written = undefined
      this.#startInTime()
    })
  }
}

/** A pipe that is full for the moment. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}
