import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

/** Loaded before the gateway: on SIGUSR2 it collects its garbage, so that its heap can be compared. */
if (isMainThread) {
  setFlagsFromString('--expose-gc')
  const collect = collector(runInNewContext('gc'))
  process.on('SIGUSR2', () => {
    collect()
    collect()
  })
}

/** V8 gives the function to every context that is made after the flag was set. */
function collector(value: unknown): () => void {
  return value as () => void
}
