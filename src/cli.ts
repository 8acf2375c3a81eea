import { ConfigError, loadConfig } from './config.ts'
import { DataDirError } from './db/embedded.ts'
import { DatabaseUnreachableError } from './db/migrate.ts'
import { replay, replayOptions, replayUsage } from './replay-command.ts'
import { explainFile } from './route-command.ts'
import { runRuleCases } from './rule-cases.ts'
import { openCatalogue } from './start.ts'

const usage = `Usage: npm run config -- check [configuration]
       npm run rules -- test <cases.json> [configuration]
       npm run route -- explain <request.json> [configuration]
       ${replayUsage}
`

/** Operator commands: the exit code says whether all is well. */
async function main([command, verb, ...words]: readonly string[]): Promise<number> {
  try {
    switch (`${command} ${verb}`) {
      case 'config check':
        return check(words[0])
      case 'rules test': {
        const [cases, configuration] = words
        return cases === undefined ? misused() : testRules(cases, configuration)
      }
      case 'route explain': {
        const [request, configuration] = words
        return request === undefined ? misused() : explain(request, configuration)
      }
      case 'ledger replay': {
        const options = replayOptions(words)
        return options ? await replay(loadConfig(), options, print) : misused()
      }
      default:
        return misused()
    }
  } catch (error) {
    if (!isExpected(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

function misused(): number {
  process.stderr.write(usage)
  return 2
}

function check(file: string | undefined): number {
  const catalogue = openCatalogue(loadConfig(undefined, file))
  const providers = [...catalogue.providers.keys()].join(', ') || 'none'
  print(`The configuration is valid. Providers: ${providers}.`)
  return 0
}

function testRules(cases: string, file: string | undefined): number {
  const config = loadConfig(undefined, file)
  const { lines, failed } = runRuleCases(config, openCatalogue(config), cases)
  for (const line of lines) print(line)
  return failed > 0 ? 1 : 0
}

function explain(request: string, file: string | undefined): number {
  const config = loadConfig(undefined, file)
  print(explainFile(config, openCatalogue(config), request))
  return 0
}

function isExpected(error: unknown): error is Error {
  return [ConfigError, DataDirError, DatabaseUnreachableError].some((kind) => error instanceof kind)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main(process.argv.slice(2))
