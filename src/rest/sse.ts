import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { End } from '../lib/ending.ts'

/** Frames that are ready at the same moment wait for each other up to this length. */
const pendingCharsMax = 64 * 1024

/** Writes server-sent frames: what is ready at the same moment goes out in one piece, a slow reader is waited for. */
export interface SseWriter {
  /** Resolves when the next frame may be made; rejects when the reader is gone. */
  write(text: string): Promise<void> | undefined
  end(text: string): void
}

export function openSse(response: ServerResponse, left: End): SseWriter {
  let pending = ''
  function flush(): void {
    const text = pending
    pending = ''
    if (text !== '' && !response.destroyed) response.write(text)
  }
  return {
    write: (text) => {
      if (pending === '') process.nextTick(flush)
      pending += text
      if (pending.length > pendingCharsMax) flush()
      if (!response.writableNeedDrain) return undefined
      return once(response, 'drain', { signal: left.signal }).then(() => {})
    },
    // In one piece: who reads the last frame may rely on what was waited for before the end.
    end: (text) => {
      const last = pending + text
      pending = ''
      response.end(last)
    },
  }
}
