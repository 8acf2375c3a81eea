import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import type { EmbeddedWorkerData } from './embedded.ts'

const { folder, socketPath }: EmbeddedWorkerData = workerData
const database = await PGlite.create({ dataDir: folder })
const server = new PGLiteSocketServer({ db: database, path: socketPath, maxConnections: 20 })
await server.start()

async function stop(): Promise<void> {
  await server.stop()
  await database.close()
  process.exit(0)
}

parentPort?.once('message', () => void stop())
parentPort?.postMessage('ready')
