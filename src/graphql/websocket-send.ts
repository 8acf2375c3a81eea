import type { Duplex } from 'node:stream'
import type { ExecutionResult } from 'graphql'
import type { WebSocket } from 'ws'

/** How much may wait for a client before its streams wait for it. */
const waitingBytesMax = 64 * 1024

/** Sends a message; a promise where the next one has to wait. */
export type Send = (message: string) => Promise<void> | void

/** How results without errors go to a client, as graphql-ws sends them. */
export function nextFrames(
  id: string,
  send: Send,
): (result: ExecutionResult) => Promise<void> | void {
  const beginning = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  return (result) => send(`${beginning}${JSON.stringify(result)}}`)
}

/**
 * How messages go to a client: those of one turn of the event loop in one write, and above
 * `waitingBytesMax` one by one, each when the socket has taken it.
 */
export function createSend(socket: WebSocket, connection: Duplex): Send {
  let isCorked = false
  const flush = (): void => {
    isCorked = false
    connection.uncork()
  }
  return (message) => {
    if (socket.readyState !== socket.OPEN) return
    if (!isCorked) {
      isCorked = true
      connection.cork()
      process.nextTick(flush) // after everything that is ready now
    }
    if (socket.bufferedAmount < waitingBytesMax) return socket.send(message)
    return new Promise((resolve) => socket.send(message, () => resolve()))
  }
}
