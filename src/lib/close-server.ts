import type { FastifyInstance } from 'fastify'

const idleCheckMs = 50
const closeMsMax = 2_000

/** A connection whose last answer ended after the server began to close would stay open, idle. */
export async function closeServer(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), idleCheckMs)
  const cut = setTimeout(() => app.server.closeAllConnections(), closeMsMax)
  await app.close()
  clearInterval(idle)
  clearTimeout(cut)
}
