import { ConfigError, loadConfig, type Config } from './config.ts'
import { DataDirError } from './db/embedded.ts'
import { DatabaseUnreachableError } from './db/migrate.ts'
import { JournalUnusableError } from './gateway/open-ledger.ts'
import { openLog } from './lib/log.ts'
import { start, type Running } from './start.ts'

async function main(): Promise<void> {
  const config = loadConfig()
  const log = openLog(config.logLevel)
  const { logger } = log
  const running = await start(config, logger)
  process.stdout.write(welcome(config, running))
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      logger.info({ signal }, 'stopping')
      const stopped = running.stop(config.server.drainTimeoutMs).then(
        () => 0,
        (error: unknown) => {
          logger.fatal({ err: error }, 'could not stop cleanly')
          return 1
        },
      )
      void stopped.then(async (code) => {
        await log.flush()
        process.exit(code)
      })
    })
  }
}

function welcome(config: Config, { url, firstAdminKey }: Running): string {
  const lines = [`XRouter listens on ${url}`, `  GraphQL  ${url}/graphql`, `  REST     ${url}/v1`]
  if (firstAdminKey) {
    lines.push(
      '',
      'The first admin key is shown this once; keep it:',
      `admin key: ${firstAdminKey}`,
    )
  }
  const offline = config.providers.find((provider) => provider.generate)
  const [model] = offline?.models ?? []
  if (offline && model) {
    lines.push(
      '',
      'Try it:',
      tryIt(url, firstAdminKey ?? '$XROUTER_KEY', `${offline.id}/${model.name}`),
    )
  }
  return `${lines.join('\n')}\n`
}

function tryIt(url: string, key: string, model: string): string {
  const body = `{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello from XRouter"}]}`
  return `curl -N ${url}/v1/chat/completions -H "authorization: Bearer ${key}" -H "content-type: application/json" -d '${body}'`
}

main().catch((error: unknown) => {
  const expected =
    error instanceof ConfigError ||
    error instanceof DataDirError ||
    error instanceof DatabaseUnreachableError ||
    error instanceof JournalUnusableError
  process.stderr.write(
    expected ? `${error.message}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exit(1)
})
