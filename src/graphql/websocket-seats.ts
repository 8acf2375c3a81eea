import type { WebSocket } from 'ws'

/** Counts the open connections of each API key. */
export interface Seats {
  /** Takes a place for a socket until it closes; false where its key has no more. */
  take(socket: WebSocket, keyId: string): boolean
}

export function createSeats(perKeyMax: number): Seats {
  const taken = new Map<string, number>()
  const leave = (keyId: string): void => {
    const left = (taken.get(keyId) ?? 0) - 1
    if (left > 0) taken.set(keyId, left)
    else taken.delete(keyId)
  }
  return {
    take: (socket, keyId) => {
      const count = taken.get(keyId) ?? 0
      if (count >= perKeyMax) return false
      if (socket.readyState === socket.CLOSED) return true // it left while its key was looked up
      taken.set(keyId, count + 1)
      socket.once('close', () => leave(keyId))
      return true
    },
  }
}
