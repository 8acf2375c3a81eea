import type { Socket } from 'node:net'
import type { WebSocket, WebSocketServer } from 'ws'

/** How many pings in a row may pass without a byte from a client. */
const silentPingsMax = 3

/**
 * Pings every client each `intervalMs`, and cuts one from which nothing came, pong or message, for three
 * pings. One that is slow to read is alive: what it leaves unread is the matter of the slow-client timeout.
 */
export function keepAlive(
  sockets: WebSocketServer,
  { intervalMs, onPing }: { intervalMs: number; onPing: (socket: WebSocket) => void },
): void {
  const heard = new WeakMap<WebSocket, { connection: Socket; bytes: number; silent: number }>()
  sockets.on('connection', (socket, { socket: connection }) => {
    heard.set(socket, { connection, bytes: connection.bytesRead, silent: 0 })
  })
  const ping = (socket: WebSocket): void => {
    const state = heard.get(socket)
    if (!state || socket.readyState !== socket.OPEN) return
    const { bytesRead, writableLength } = state.connection
    const isAlive = bytesRead > state.bytes || writableLength > 0
    state.silent = isAlive ? 0 : state.silent + 1
    state.bytes = bytesRead
    if (state.silent > silentPingsMax) return socket.terminate()
    if (writableLength === 0) socket.ping()
    onPing(socket)
  }
  const timer = setInterval(() => sockets.clients.forEach(ping), intervalMs)
  sockets.once('close', () => clearInterval(timer))
}
