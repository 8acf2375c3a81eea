import { pino, type Logger } from 'pino'
import { BufferedFile } from './buffered-file.ts'

/** The log of a process, and how to have all of it written before the process ends. */
export interface Log {
  logger: Logger
  flush(): Promise<void>
}

/** Lines of JSON on stderr; a slow reader of the log does not stop the gateway. */
export function openLog(level: string): Log {
  const destination = new BufferedFile(2)
  process.on('exit', () => destination.flushSync())
  return {
    logger: pino({ level, base: null }, destination),
    flush: () => destination.flush(),
  }
}
