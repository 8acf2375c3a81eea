import type { Server } from 'node:http'

/** Tells the parent process on which port a server listens. */
export function announce(server: Server): void {
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the system gave no port')
  process.send?.({ port: address.port })
}

/** A port that was asked for on the command line; 0 for any. */
export function portFromArguments(): number {
  return Number(process.argv[2] ?? 0)
}

process.on('disconnect', () => process.exit(0))
