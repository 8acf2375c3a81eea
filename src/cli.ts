import { ConfigError, loadConfig } from './config.ts'
import { DataDirError } from './db/embedded.ts'
import { DatabaseUnreachableError } from './db/migrate.ts'
import { replay, replayOptions, replayUsage } from './replay-command.ts'
import { openCatalogue } from './start.ts'

const usage = `Usage: npm run config -- check [file]\n       ${replayUsage}\n`

/** Operator commands: the exit code says whether all is well. */
async function main([command, verb, ...words]: readonly string[]): Promise<number> {
  const options = command === 'ledger' && verb === 'replay' ? replayOptions(words) : undefined
  if (!options && (command !== 'config' || verb !== 'check')) {
    process.stderr.write(usage)
    return 2
  }
  try {
    if (options) return await replay(loadConfig(), options, print)
    return check(words[0])
  } catch (error) {
    if (!isExpected(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

function check(file: string | undefined): number {
  const catalogue = openCatalogue(loadConfig(undefined, file))
  const providers = [...catalogue.providers.keys()].join(', ') || 'none'
  print(`The configuration is valid. Providers: ${providers}.`)
  return 0
}

function isExpected(error: unknown): error is Error {
  return [ConfigError, DataDirError, DatabaseUnreachableError].some((kind) => error instanceof kind)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main(process.argv.slice(2))
