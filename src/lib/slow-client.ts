import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * Cuts every connection of `server` whose client takes nothing of what is ready for it for
 * `timeoutMs`. One that takes a little stays, and so does one that waits for an answer. Call it after
 * the WebSockets are attached: they clear the timeout of a connection that they take over.
 */
export function cutSlowClients(server: Server, timeoutMs: number): void {
  const answers = new WeakMap<Duplex, ServerResponse>()
  const upgraded = new WeakSet<Duplex>()
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answers.set(socket, response)
  })
  const cut = (socket: Socket): void => {
    const answer = answers.get(socket)
    const isBusy = upgraded.has(socket) || (answer && !answer.writableEnded)
    // Node leaves to us what is to be done with connections that are idle between two answers, too.
    if (!isBusy || socket.writableLength > 0) socket.destroy()
  }
  // Node takes a write for alive as long as some of its bytes go down.
  server.setTimeout(timeoutMs, cut)
  server.on('upgrade', ({ socket }: IncomingMessage) => {
    upgraded.add(socket)
    socket.setTimeout(timeoutMs, () => cut(socket))
  })
}
