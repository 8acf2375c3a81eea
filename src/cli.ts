import { ConfigError, loadConfig, type Config } from './config.ts'
import type { Catalogue } from './gateway/catalogue.ts'
import { runRuleCases } from './rule-cases.ts'
import { openCatalogue } from './start.ts'

const usage =
  'Usage: npm run config -- check [configuration]\n' +
  '       npm run rules -- test <cases.json> [configuration]\n'

/** Operator commands: the exit code says whether all is well. */
function main([command, verb, ...files]: readonly string[]): number {
  const [first, second] = files
  try {
    if (command === 'config' && verb === 'check') return checkConfig(open(first))
    if (command === 'rules' && verb === 'test' && first !== undefined) {
      return testRules(first, open(second))
    }
    process.stderr.write(usage)
    return 2
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

interface Opened {
  config: Config
  catalogue: Catalogue
}

function open(file: string | undefined): Opened {
  const config = loadConfig(undefined, file)
  return { config, catalogue: openCatalogue(config) }
}

function checkConfig({ catalogue }: Opened): number {
  const providers = [...catalogue.providers.keys()].join(', ') || 'none'
  process.stdout.write(`The configuration is valid. Providers: ${providers}.\n`)
  return 0
}

function testRules(cases: string, { config, catalogue }: Opened): number {
  const { lines, failed } = runRuleCases(config, catalogue, cases)
  process.stdout.write(`${lines.join('\n')}\n`)
  return failed > 0 ? 1 : 0
}

process.exitCode = main(process.argv.slice(2))
