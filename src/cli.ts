import { ConfigError, loadConfig } from './config.ts'
import { openCatalogue } from './start.ts'

const usage = 'Usage: npm run config -- check [file]\n'

/** Operator commands: the exit code says whether all is well. */
function main([command, verb, file]: readonly string[]): number {
  if (command !== 'config' || verb !== 'check') {
    process.stderr.write(usage)
    return 2
  }
  try {
    const config = loadConfig(undefined, file)
    const catalogue = openCatalogue(config)
    const providers = [...catalogue.providers.keys()].join(', ') || 'none'
    process.stdout.write(`The configuration is valid. Providers: ${providers}.\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

process.exitCode = main(process.argv.slice(2))
