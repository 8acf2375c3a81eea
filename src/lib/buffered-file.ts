import { write, writeSync } from 'node:fs'

/** Each write is a job for another thread, whose cost is that of many lines. */
const bufferedChars = 65_536
const delayMs = 100
const retryMs = 10

/**
 * Writes text to an open file, several pieces with one system call, none of them later than a tenth of a
 * second. What cannot be written at all, because nobody reads the file any more, is dropped.
 */
export class BufferedFile {
  readonly #file: number
  #pieces: string[] = []
  #chars = 0
  #timer: NodeJS.Timeout | undefined
  /** What is being written, from the first byte that is not on the file yet. */
  #rest: Buffer | undefined
  #written: PromiseWithResolvers<void> | undefined

  constructor(file: number) {
    this.#file = file
  }

  write(text: string): void {
    this.#pieces.push(text)
    this.#chars += text.length
    if (this.#rest) return
    if (this.#chars >= bufferedChars) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), delayMs).unref()
  }

  /** Resolves when everything is on the file. */
  async flush(): Promise<void> {
    while (this.#rest || this.#pieces.length > 0) {
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

  #take(): Buffer {
    const bytes = Buffer.from(this.#pieces.join(''))
    this.#pieces = []
    this.#chars = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
    return bytes
  }

  #start(): void {
    this.#rest = this.#take()
    this.#write(this.#rest)
  }

  #write(bytes: Buffer): void {
    write(this.#file, bytes, (error, count) => {
      if (isBusy(error)) return void setTimeout(() => this.#write(bytes), retryMs)
      const rest = error ? Buffer.alloc(0) : bytes.subarray(count)
      if (rest.length > 0) return this.#write((this.#rest = rest))
      this.#rest = undefined
      this.#written?.resolve()
      this.#written = undefined
      if (this.#chars >= bufferedChars) this.#start()
      else if (this.#chars > 0) this.#timer ??= setTimeout(() => this.#start(), delayMs).unref()
    })
  }
}

/** A pipe that is full for the moment. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}
