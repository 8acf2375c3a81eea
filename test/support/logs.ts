import { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'

/** A logger, and every line that it wrote so far. */
export function collectLogs(): { logger: Logger; logs: () => string } {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { logger: pino({ level: 'debug', base: null }, sink), logs: () => lines.join('') }
}
