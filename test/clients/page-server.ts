import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** A page of an application, on an origin of its own. */
export interface PageServer {
  origin: string
  close: () => Promise<void>
}

/** The script of the page, bundled as an application is. */
export async function bundlePage(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'xrouter-page-'))
  try {
    await build({
      configFile: false,
      logLevel: 'error',
      mode: 'development', // in which the clients warn
      define: { 'process.env.NODE_ENV': '"development"' },
      build: {
        outDir,
        emptyOutDir: true,
        minify: false,
        lib: {
          entry: fileURLToPath(new URL('page.ts', import.meta.url)),
          formats: ['es'],
          fileName: 'page',
        },
      },
    })
    return readFileSync(join(outDir, 'page.js'), 'utf8')
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

const html =
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'

export async function servePage(script: string): Promise<PageServer> {
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? script : html)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP server')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
