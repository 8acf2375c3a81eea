import { asc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attempts } from '../../src/db/schema/attempt.ts'
import { ledgerEntries } from '../../src/db/schema/ledger-entry.ts'
import { requests } from '../../src/db/schema/request.ts'
import { cancellation } from '../conformance/cancellation.ts'
import { embedding } from '../conformance/embedding.ts'
import type { Way } from '../conformance/question.ts'
import { ask, ways } from '../conformance/ways.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { billed, priceToml, testPrice, type TestPrice } from '../support/invoice.ts'
import {
  providersUnderTest,
  startSimulatedProviders,
  type ProviderUnderTest,
  type SimulatedProviders,
} from '../support/simulated-providers.ts'
import { httpError, resetAfter } from '../support/simulators/faults.ts'
import type { InvoiceEntry } from '../support/simulators/provider.ts'
import type { Simulator } from '../support/simulators/server.ts'

/** Those with a service that sends an invoice. */
const billing = providersUnderTest.filter(({ tooLong }) => tooLong)
/** Its wire has one count for all that was generated: it cannot bill thoughts by a price of their own. */
const withoutReasoning = new Set(['ollama'])
/** Before the end its stream tells one token of the prompt more than it does in the end. */
const oneMoreBeforeTheEnd = new Set(['gemini'])
/** What each bills for vectors, apart: some are called once for each text. */
const vectors = new Map<string, InvoiceEntry[]>()
const prices = new Map(billing.map(({ id }, index) => [id, testPrice(index)]))

let simulated: SimulatedProviders
let gateway: TestGateway

beforeAll(async () => {
  simulated = await startSimulatedProviders()
  gateway = await startGateway(
    `${simulated.toml}
     [cache]
     enabled = true
     ${billing.map(pricesOf).join('\n')}`,
  )
  await Promise.all(billing.map(load))
  for (const [index, entry] of billing.entries()) await failOver(entry, billing[index + 1])
}, 180_000)

afterAll(async () => {
  await gateway.stop()
  await simulated.close()
})

function pricesOf(entry: ProviderUnderTest): string {
  const { id, models, embeddingModel } = entry
  const named = [...models, ...(embeddingModel === undefined ? [] : [embeddingModel])]
  return named.map((name) => priceToml(`${id}/${name}`, priceOf(id))).join('\n')
}

function priceOf(id: string): TestPrice {
  const price = prices.get(id)
  if (!price) throw new Error(`${id} has no price`)
  return price
}

function simulatorOf(id: string): Simulator {
  const simulator = simulated.simulators.get(id)
  if (!simulator) throw new Error(`${id} has no simulator`)
  return simulator
}

const asked = (text: string) => ({ turns: [{ role: 'user' as const, text }] })

/** Every door, as JSON and as a stream; a hit of the cache, a cut and a client that leaves at each; long prompts. */
async function load(entry: ProviderUnderTest): Promise<void> {
  const simulator = simulatorOf(entry.id)
  const model = `${entry.id}/${entry.models[0]}`
  for (const way of ways) {
    const question = asked(`hello there, how are you at ${way.name}`)
    await ask(gateway, way, { model, question })
    await ask(gateway, way, { model, question })
    await cancellation({ gateway, way, simulator, model })
    if (way.stream) await cut(way, simulator, model)
  }
  const [chat] = ways
  const long = 'so many words of which a cache can keep the beginning '.repeat(130)
  for (const end of ['one', 'two'])
    if (chat) await ask(gateway, chat, { model, question: asked(long + end) })
  for (const stream of [false, true]) await marked(model, stream)
  const { length } = simulator.invoice
  for (const door of entry.embeddingModel === undefined ? [] : (['REST', 'GraphQL'] as const)) {
    await embedding(gateway, door, `${entry.id}/${entry.embeddingModel}`)
  }
  vectors.set(entry.id, simulator.invoice.splice(length))
}

/** The client marks what is to be kept of its prompt; where a provider bills that apart, it is written, then read. */
async function marked(model: string, stream: boolean): Promise<void> {
  const kept = { type: 'text', text: `a prompt with a mark, stream ${stream}, `.repeat(160) }
  for (const end of ['first', 'second and longer '.repeat(100)]) {
    const content = [
      { ...kept, cache_control: { type: 'ephemeral' } },
      { type: 'text', text: end },
    ]
    const answer = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
        'cache-control': 'no-store',
      },
      body: JSON.stringify({
        model,
        max_tokens: 2_000,
        stream,
        messages: [{ role: 'user', content }],
      }),
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)])
  }
}

/** The connection breaks after some frames. */
async function cut(way: Way, simulator: Simulator, model: string): Promise<void> {
  simulator.next(resetAfter(4))
  await ask(gateway, way, { model, question: asked('a long answer that is cut in the middle') })
}

/** The first provider fails, another one answers. */
async function failOver(from: ProviderUnderTest, to: ProviderUnderTest | undefined): Promise<void> {
  if (!to) return
  simulatorOf(from.id).next(httpError(401), httpError(401))
  const answer = await gateway.openai().chat.completions.create({
    model: `${from.id}/${from.models[0]}`,
    messages: [{ role: 'user', content: `answer in place of ${from.id}` }],
    ...{ xrouter: { fallbacks: [`${to.id}/${to.models[0]}`], cache: { mode: 'off' } } },
  })
  expect(answer.choices[0]?.finish_reason).toBe('stop')
}

type Row = typeof attempts.$inferSelect

/** The attempts of a provider of which there is usage, in the order of the calls. */
async function rowsOf(id: string): Promise<Row[]> {
  await gateway.running.services.ledger.flush()
  const rows = await gateway.running.db
    .select()
    .from(attempts)
    .where(eq(attempts.provider, id))
    .orderBy(asc(attempts.startedAt), asc(attempts.requestId))
  return rows.filter(({ usageEstimated }) => usageEstimated !== null)
}

/** Its answers, each with its line of the invoice; of what broke off before it said anything there is neither. */
async function pairsOf({ id, embeddingModel }: ProviderUnderTest): Promise<[Row, InvoiceEntry][]> {
  const rows = (await rowsOf(id)).filter(({ model }) => model !== `${id}/${embeddingModel}`)
  const lines = simulatorOf(id).invoice.filter(
    (line) => line.completed || line.completionTokens > 0,
  )
  expect(rows.length).toBe(lines.length)
  return rows.flatMap((row, index) => {
    const line = lines[index]
    if (!line) return []
    return [[row, asTold(id, line)] satisfies [Row, InvoiceEntry]]
  })
}

/** A line of the invoice with the counts that the wire has of it. */
function asTold(id: string, line: InvoiceEntry): InvoiceEntry {
  const more = oneMoreBeforeTheEnd.has(id) && !line.completed ? 1 : 0
  return {
    ...line,
    promptTokens: line.promptTokens + more,
    reasoningTokens: withoutReasoning.has(id) ? 0 : line.reasoningTokens,
  }
}

describe.each(billing)('$id', (entry) => {
  const price = priceOf(entry.id)

  test('each answer costs what its provider bills, to the nano-unit', async () => {
    const pairs = await pairsOf(entry)
    const reported = pairs.filter(([row]) => row.usageEstimated === false)
    expect(reported.length).toBeGreaterThanOrEqual(ways.length / 2)
    expect(reported.map(([row]) => [row.requestId, row.costCurrency, row.costNanos])).toEqual(
      reported.map(([row, line]) => [row.requestId, price.currency, billed(line, price)]),
    )
  })

  test('what came without its usage is billed by what it said', async () => {
    const counted = (await pairsOf(entry)).filter(([row]) => row.usageEstimated === true)
    for (const [row] of counted) {
      expect(row.outputTokens).toBeGreaterThan(0)
      const { inputTokens, outputTokens } = row
      const line = { promptTokens: inputTokens ?? 0, completionTokens: outputTokens ?? 0 }
      expect(row.costNanos).toBe(billed({ ...nothing, ...line }, price))
    }
  })

  test('vectors cost what their provider bills', async () => {
    const lines = vectors.get(entry.id) ?? []
    const named = `${entry.id}/${entry.embeddingModel}`
    const rows = (await rowsOf(entry.id)).filter(({ model }) => model === named)
    expect(rows.length).toBe(entry.embeddingModel === undefined ? 0 : 2)
    for (const row of rows) {
      expect(row.costNanos).toBe(billed({ ...nothing, promptTokens: row.inputTokens ?? 0 }, price))
    }
    if (lines.length === 0) return
    const total = (counts: number[]): number => counts.reduce((sum, each) => sum + each, 0)
    expect(total(rows.map(({ inputTokens }) => inputTokens ?? 0))).toBe(
      total(lines.map(({ promptTokens }) => promptTokens)),
    )
  })
})

const nothing: InvoiceEntry = {
  id: '',
  model: '',
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  completed: true,
}

test('the ledger, the attempts and the usage are the same sums', async () => {
  const { db } = gateway.running
  const sumOf = async (table: typeof attempts | typeof ledgerEntries) => {
    const [currency, nanos] =
      table === attempts
        ? [attempts.costCurrency, attempts.costNanos]
        : [ledgerEntries.currency, ledgerEntries.nanos]
    const rows = await db
      .select({ currency, nanos: sql<string>`sum(${nanos})` })
      .from(table)
      .where(sql`${currency} is not null`)
      .groupBy(currency)
    return Object.fromEntries(rows.map((row) => [row.currency, row.nanos]))
  }
  const spent = await sumOf(attempts)
  expect(await sumOf(ledgerEntries)).toEqual(spent)
  const { data } = await gateway.graphql<{
    usage: { cost: { currency: string; amountNanos: string }[]; cacheHits: string }[]
  }>(`{ usage(filter: { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" }) {
        cost { currency amountNanos } cacheHits } }`)
  const [row] = data.usage
  expect(
    Object.fromEntries(row?.cost.map((each) => [each.currency, each.amountNanos]) ?? []),
  ).toEqual(spent)
  expect(Number(row?.cacheHits)).toBeGreaterThan(billing.length)
})

test('the load had everything in it', async () => {
  const { db } = gateway.running
  const rows = await db
    .select({ status: requests.status, count: sql<number>`count(*)::int` })
    .from(requests)
    .groupBy(requests.status)
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, count]))
  expect(Object.keys(counts).toSorted()).toEqual(['cancelled', 'failed', 'succeeded'])
  const several = await db.select().from(attempts).where(eq(attempts.number, 2))
  expect(several.length).toBeGreaterThanOrEqual(billing.length - 1)
  const cached = await db
    .select()
    .from(attempts)
    .where(sql`cached_input_tokens > 0`)
  expect(cached.length).toBeGreaterThan(0)
  // Written twice, once beside what was read; by a price of its own.
  const written = await db
    .select({ read: attempts.cachedInputTokens, provider: attempts.provider })
    .from(attempts)
    .where(sql`cache_write_tokens > 0`)
  const both = written.filter(({ read }) => (read ?? 0) > 0)
  expect(written.length).toBeGreaterThanOrEqual(4)
  expect(both.length).toBeGreaterThanOrEqual(2)
})
