import { parseArgs } from 'node:util'
import { strategies } from '../src/protocol/routing.ts'
import { seededRandom } from '../test/support/random.ts'
import { simulate } from './simulate-routing/simulate.ts'
import { summaryOf, summaryTable } from './simulate-routing/table.ts'
import { upstreams } from './simulate-routing/world.ts'

const usage = `Usage: npm run simulate:routing -- [--requests 6000] [--per-second 25] [--seed 1]
Each strategy over the same upstreams: one turns slow after a minute and recovers at two, one is down
from 130 to 190 seconds, one is cheap and limits its rate, one is of one's own and small.
`

/** All strategies side by side. */
function main(): number {
  const options = readOptions()
  if (!options) {
    process.stderr.write(usage)
    return 2
  }
  const { requests, perSecond, seed } = options
  const summaries = new Map(
    strategies.map((strategy) => {
      const random = seededRandom(seed)
      const outcomes = simulate({ upstreams, policy: { strategy }, requests, perSecond, random })
      return [strategy, summaryOf(outcomes)] as const
    }),
  )
  process.stdout.write(`${requests} requests, ${perSecond} a second, seed ${seed}\n\n`)
  process.stdout.write(
    `${summaryTable(
      summaries,
      upstreams.map(({ id }) => id),
    )}\n`,
  )
  return 0
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        requests: { type: 'string', default: '6000' },
        'per-second': { type: 'string', default: '25' },
        seed: { type: 'string', default: '1' },
      },
    })
    const numbers = {
      requests: Number(values.requests),
      perSecond: Number(values['per-second']),
      seed: Number(values.seed),
    }
    return Object.values(numbers).every((number) => number > 0) ? numbers : undefined
  } catch {
    return undefined
  }
}

process.exitCode = main()
