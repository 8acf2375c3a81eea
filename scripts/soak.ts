import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startSoakGateway, type LedgerCount, type Reading } from './soak/gateway.ts'
import { startTraffic, type Counts } from './soak/traffic.ts'
import { trendOf, type Trend } from './soak/trend.ts'
import { startUpstream } from './soak/upstream.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '40' },
  },
})
const minutes = Number(values.minutes)
const perSecond = Number(values.rate)
if (!(minutes > 0) || !(perSecond > 0)) {
  process.stderr.write('Usage: npm run soak -- [--minutes 10] [--rate 40]\n')
  process.exit(2)
}

const readingEveryMs = Math.min(10_000, (minutes * 60_000) / 15)
/** The first readings show caches that fill and code that is compiled. */
const warmUpShare = 0.2
/** A heap that surely grows faster than this is a leak: some 50 bytes for each request. */
const heapSlopeMax = 0.5
const settleMsMax = 10_000

const upstream = await startUpstream()
const gateway = await startSoakGateway(upstream)
say(`${minutes} minutes at ${perSecond} requests/s on ${gateway.url} (${gateway.storage})`)
const readings: Reading[] = []
const startedAtMs = performance.now()
const traffic = startTraffic({ gateway, upstream, perSecond })
await watch()
await traffic.stop()
const last = await settled()
const ledger = await gateway.countLedger()
const problems = verdict(traffic.counts, last, ledger)
const logged = gateway.errors()
const code = await gateway.stop()
await upstream.close()
if (code !== 0) problems.push(`the gateway ended with ${code} after SIGTERM`)
if (logged.length > 0) problems.push(`it logged ${logged.length} errors: ${logged[0]}`)
say(problems.length === 0 ? 'ok' : `FAILED\n${problems.map((each) => `  ${each}`).join('\n')}`)
process.exit(problems.length === 0 ? 0 : 1)

/** Heaps are compared at rest: what is under way differs from reading to reading. */
async function watch(): Promise<void> {
  let minute = 0
  while (performance.now() - startedAtMs < minutes * 60_000) {
    await wait(readingEveryMs)
    const busy = await gateway.read()
    await traffic.pause()
    const atRest = await gateway.read()
    readings.push(atRest)
    traffic.resume()
    if (Math.floor((busy.atMs - startedAtMs) / 60_000) <= minute) continue
    minute += 1
    say(`${String(minute).padStart(3)} min: ${line(busy)}; at rest heap ${mb(atRest.heapMb)}`)
  }
}

/** What is on its way when the last client has ended is soon settled and written. */
async function settled(): Promise<Reading> {
  const until = performance.now() + settleMsMax
  for (;;) {
    const reading = await gateway.read()
    const quiet = reading.streamsOpen === 0 && reading.journalBacklog === 0
    if (quiet || performance.now() > until) return reading
  }
}

function verdict(counts: Counts, after: Reading, { byStatus, ids, duplicates }: LedgerCount) {
  const { sent, succeeded, failed, cancelled } = counts
  const slowest = counts.cancelMs.toSorted((a, b) => a - b)
  say(`at rest: ${line(after)}, ${upstream.openSockets()} sockets to the provider`)
  say(`clients: ${sent} sent, ${succeeded} succeeded, ${failed} failed, ${cancelled} cancelled`)
  say(`         ${counts.faults} faults; ${JSON.stringify(counts.byDoor)}`)
  say(`ledger:  ${ids.size} rows ${JSON.stringify(byStatus)}`)
  const p99 = slowest[Math.floor(slowest.length * 0.99)]
  say(
    `cancels reached the provider within ${p99?.toFixed(1)} ms (p99), ${slowest.at(-1)?.toFixed(1)} ms (max)`,
  )
  const heap = slopes('heap', (reading) => reading.heapMb)
  slopes('RSS', (reading) => reading.rssMb)
  const lost = [...counts.ids].filter((id) => !ids.has(id)).length
  const wrong: [boolean, string][] = [
    [after.streamsOpen !== 0, `${after.streamsOpen} streams are still open`],
    [after.requests !== sent, `/metrics counts ${after.requests} requests of ${sent}`],
    [ids.size !== sent, `the ledger has ${ids.size} requests of ${sent}`],
    [duplicates > 0, `${duplicates} requests are on the ledger twice`],
    [lost > 0, `${lost} ids that clients were told are not on the ledger`],
    [(byStatus['cancelled'] ?? 0) !== cancelled, `not every cancel is a cancel on the ledger`],
    [(byStatus['succeeded'] ?? 0) !== succeeded, `not every success is a success on the ledger`],
    [after.journalBacklog !== 0, `${after.journalBacklog} rows wait in the journal`],
    [after.journalErrors !== 0, `the journal failed ${after.journalErrors} times`],
    [heap.surely > heapSlopeMax, 'the heap is rising'],
  ]
  return [
    ...wrong.filter(([isWrong]) => isWrong).map(([, message]) => message),
    ...counts.surprises.slice(0, 10),
  ]
}

/** Prints the trends after the warm-up; the result is for 10,000 requests. */
function slopes(name: string, value: (reading: Reading) => number) {
  const kept = readings.slice(Math.ceil(readings.length * warmUpShare))
  const perRequests = trendOf(kept.map((each) => [each.requests / 10_000, value(each)]))
  const perMinute = trendOf(kept.map((each) => [each.atMs / 60_000, value(each)]))
  const [first, final] = [kept[0], kept.at(-1)].map((each) => (each ? value(each).toFixed(1) : ''))
  say(
    `${name} at rest, after garbage collection: ${first} -> ${final} MB, ` +
      `${signed(perRequests)} MB per 10,000 requests, ${signed(perMinute)} MB per minute ` +
      `(${kept.length} readings, surely ${perRequests.surely.toFixed(2)} MB per 10,000)`,
  )
  return perRequests
}

function signed({ slope, within }: Trend): string {
  return `${slope < 0 ? '' : '+'}${slope.toFixed(2)} ± ${within.toFixed(2)}`
}

function line(reading: Reading): string {
  const { heapMb, rssMb, externalMb, openFiles, requests, streamsOpen, journalBacklog } = reading
  return (
    `RSS ${mb(rssMb)}, heap ${mb(heapMb)}, external ${mb(externalMb)}, ` +
    `${openFiles} files, ${streamsOpen} streams open, backlog ${journalBacklog}, ${requests} settled`
  )
}

function mb(size: number): string {
  return `${size.toFixed(1)} MB`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
