import { parseArgs } from 'node:util'
import { findPostgres, startPostgres } from '../test/support/services-postgres.ts'
import { findRedis, startRedis } from '../test/support/services-redis.ts'
import { canMeasure } from './bench/cpu.ts'
import { startGateway, type BenchGateway } from './bench/gateway.ts'
import { measureRow, type Measured, type Pace, type Target } from './bench/measure.ts'
import { openPinning, startLoader, startServer } from './bench/processes.ts'
import { measuredTable } from './bench/table.ts'
import { rows, upstreamModel, type Row, type RowId } from './bench/workload.ts'

const usage = `Usage: npm run bench -- [options]
  --rows a,b            of ${rows.map(({ id }) => id).join(', ')}; all by default
  --rounds 9            turns of each server; the table has the medians of what the rounds show
  --seconds 1.5         how long each turn is measured, after the clients have begun
  --settle 8            seconds of load before the first round, for the compiler
  --json                one JSON object instead of the table
  --node-options="…"    further options of Node for the gateway, as --cpu-prof
  --no-embedded         without the rows on the embedded database
  --no-redis            without those of limits that are kept in Redis
  --against URL         drives another gateway; its provider must be the one that the bench prints
  --key K --model M     what to send to it; --pid P measures its process
  --upstream-port N     where the provider listens
`
type Storage = 'Postgres' | 'Postgres and Redis' | 'embedded database'

/** Beside the first storage only what differs is measured. */
const rowsOf: Partial<Record<Storage, readonly RowId[]>> = {
  'Postgres and Redis': ['admission'],
  'embedded database': ['rest-json'],
}

const { values } = readArguments()
const pace: Pace = {
  rounds: Number(values.rounds),
  settleMs: Number(values.settle) * 1000,
  // Clients begin one after the other, within half a second.
  warmUpMs: 600,
  measureMs: Number(values.seconds) * 1000,
}
const chosen = chosenRows()
const pinning = openPinning()
pinning.pin(process.pid, 'rest')
const upstream = await startServer('upstream.ts', [values['upstream-port']])
const loader = await startLoader()
const proxy = await startServer('proxy.ts', [upstream.url])
pinning.pin(proxy.pid, 'measured')
note(`Node ${process.version}; ${pinning.said}.`)
if (!canMeasure()) note('This system has no /proc: CPU time and memory are not measured.')

const results: Record<string, Measured[]> = {}
if (values.against !== undefined) await benchOther(values.against)
else {
  await benchOurs('Postgres')
  if (values.redis) await benchOurs('Postgres and Redis')
  if (values.embedded) await benchOurs('embedded database')
}
if (values.json) process.stdout.write(`${JSON.stringify(forMachines(), null, 2)}\n`)
await Promise.all([proxy.stop(), loader.stop(), upstream.stop()])
process.exit(0)

async function benchOurs(storage: Storage): Promise<void> {
  const real = storage !== 'embedded database'
  const withRedis = storage === 'Postgres and Redis'
  if ((real && findPostgres() === undefined) || (withRedis && findRedis() === undefined)) {
    return note(`There is no ${storage} on this machine: it is not measured.`)
  }
  const only = rowsOf[storage]
  const work = only ? chosen.filter(({ id }) => only.includes(id)) : chosen
  if (work.length === 0) return
  const postgres = real ? await startPostgres() : undefined
  const redis = withRedis ? await startRedis() : undefined
  for (const service of [postgres, redis]) if (service) pinning.pin(service.pid(), 'rest')
  const gateway = await startGateway({
    upstream: upstream.url,
    databaseUrl: postgres?.urlOf('postgres'),
    redisUrl: redis?.url,
    nodeOptions: values['node-options'],
  })
  try {
    pinning.pin(gateway.pid, 'measured')
    await bench(storage, gateway, work)
  } finally {
    await gateway.stop()
    await Promise.all([postgres?.stop(), redis?.stop()])
  }
}

async function benchOther(url: string): Promise<void> {
  const { key = '', model = upstreamModel, pid } = values
  note(`Its provider must be ${upstream.url}/v1, of OpenAI's dialect.`)
  const target = { url, key, model, pid: pid === undefined ? undefined : Number(pid) }
  await bench(url, target, chosen)
}

async function bench(name: string, gateway: Target | BenchGateway, work: readonly Row[]) {
  const direct = { url: upstream.url, key: '', model: upstreamModel }
  const targets = { gateway, proxy: { ...direct, url: proxy.url, pid: proxy.pid }, direct }
  const measured: Measured[] = []
  for (const row of work) {
    note(`${name}: ${row.title} …`)
    measured.push(await measureRow(row, { targets, pace, run: (order) => loader.run(order) }))
  }
  results[name] = measured
  if (!values.json) process.stdout.write(`\n${name}\n${measuredTable(measured)}\n\n`)
}

function forMachines() {
  return Object.entries(results).map(([storage, measured]) => ({
    storage,
    rows: measured.map(({ row, ...rest }) => ({ id: row.id, unit: row.unit, ...rest })),
  }))
}

function chosenRows(): readonly Row[] {
  if (values.rows === undefined) return rows
  const ids = values.rows.split(',')
  const found = rows.filter(({ id }) => ids.includes(id))
  if (found.length !== ids.length) fail()
  return found
}

function readArguments() {
  try {
    return parseArgs({
      allowNegative: true,
      options: {
        rows: { type: 'string' },
        rounds: { type: 'string', default: '9' },
        seconds: { type: 'string', default: '1.5' },
        settle: { type: 'string', default: '8' },
        json: { type: 'boolean', default: false },
        embedded: { type: 'boolean', default: true },
        redis: { type: 'boolean', default: true },
        'node-options': { type: 'string' },
        against: { type: 'string' },
        key: { type: 'string' },
        model: { type: 'string' },
        pid: { type: 'string' },
        'upstream-port': { type: 'string', default: '0' },
      },
    })
  } catch {
    return fail()
  }
}

function fail(): never {
  process.stderr.write(usage)
  process.exit(2)
}

/** What happens, beside the result. */
function note(text: string): void {
  process.stderr.write(`${text}\n`)
}
