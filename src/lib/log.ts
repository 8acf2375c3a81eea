import { pino, type Logger } from 'pino'

const bufferedBytes = 4096
const delayMs = 100

/** The log of a process, and how to have all of it written before the process ends. */
export interface Log {
  logger: Logger
  flush(): Promise<void>
}

/** Lines of JSON on stderr, several with one system call: a slow reader of the log does not stop the gateway. */
export function openLog(level: string): Log {
  const destination = pino.destination({
    dest: 2,
    sync: false,
    minLength: bufferedBytes,
    periodicFlush: delayMs,
  })
  process.on('exit', () => destination.flushSync())
  return {
    logger: pino({ level, base: null }, destination),
    flush: () => new Promise((resolve) => destination.flush(() => resolve())),
  }
}
