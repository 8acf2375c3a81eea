import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { organizations } from '../../src/db/schema/organization.ts'
import { responses } from '../../src/db/schema/response.ts'
import { deleteExpiredResponses } from '../../src/services/responses.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let upstream: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  upstream = await startOpenaiSimulator()
  gateway = await startGateway(`
[responses]
retention_hours = 2

[providers.demo]
token_delay_ms = 0

[providers.openai]
api_key = "sk-simulated"
base_url = "${upstream.url}"
`)
})

beforeEach(() => upstream.requests.splice(0))

afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

const model = 'openai/gpt-4o'

function rows() {
  return gateway.running.db.select().from(responses)
}

function sentMessages(): unknown {
  const body = upstream.requests.at(-1)?.body
  return typeof body === 'object' && body !== null && 'messages' in body ? body.messages : undefined
}

describe('a stored response', () => {
  test('is the conversation before the next one, without its instructions', async () => {
    const client = gateway.openai()
    const first = await client.responses.create({ model, input: 'one', instructions: 'Be brief.' })
    const second = await client.responses.create({
      model,
      input: [{ role: 'user', content: 'two' }],
      previous_response_id: first.id,
    })
    expect(sentMessages()).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'You said: one' },
      { role: 'user', content: 'two' },
    ])
    expect(second.previous_response_id).toBe(first.id)
    await client.responses.delete(first.id)
    const third = await client.responses.create({
      model,
      input: 'three',
      instructions: 'Be kind.',
      previous_response_id: second.id,
    })
    expect(third.output_text).toBe('You said: three')
    expect(sentMessages()).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'You said: one' },
      { role: 'user', content: 'two' },
      { role: 'assistant', content: 'You said: two' },
      { role: 'user', content: 'three' },
    ])
  })

  test('is read again as it was told, whole or streamed', async () => {
    const client = gateway.openai()
    const whole = await client.responses.create({ model, input: 'hello' })
    expect(await client.responses.retrieve(whole.id)).toEqual(whole)
    const stream = client.responses.stream({ model, input: 'hello' })
    const streamed = await stream.finalResponse()
    const { output_parsed: _, ...told } = streamed
    const kept = await client.responses.retrieve(streamed.id)
    expect(kept.output).toMatchObject(JSON.parse(JSON.stringify(kept.output)))
    expect([kept.id, kept.output_text, kept.usage, kept.status]).toEqual([
      told.id,
      told.output_text,
      told.usage,
      told.status,
    ])
  })

  test('lists its items in pages', async () => {
    const client = gateway.openai()
    const { id } = await client.responses.create({
      model,
      input: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: [{ type: 'input_text', text: 'c' }] },
      ],
    })
    const page = await client.responses.inputItems.list(id, { limit: 2 })
    expect(page.data.map((item) => 'content' in item && item.content)).toEqual([
      [{ type: 'input_text', text: 'c' }],
      [{ type: 'output_text', text: 'b', annotations: [], logprobs: [] }],
    ])
    expect(page.has_more).toBe(true)
    const all: string[] = []
    for await (const item of client.responses.inputItems.list(id, { limit: 1, order: 'asc' })) {
      all.push(item.id ?? '')
    }
    expect(new Set(all).size).toBe(3)
    const refused = client.responses.inputItems.list(id, { limit: 1000 })
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'limit' })
  })

  test('belongs to the key that made it', async () => {
    const { secret } = await gateway.createKey()
    const other = { id: 'org_other', name: 'Other' }
    await gateway.running.db.insert(organizations).values(other).onConflictDoNothing()
    const { secret: elsewhere } = await gateway.createKey({ organization: 'org_other' })
    const { id } = await gateway.openai().responses.create({ model, input: 'secret' })
    for (const key of [secret, elsewhere]) {
      const { responses: others } = gateway.openai(key)
      await expect(others.retrieve(id)).rejects.toMatchObject({ status: 404 })
      await expect(others.delete(id)).rejects.toMatchObject({ status: 404 })
      await expect(others.inputItems.list(id)).rejects.toMatchObject({ status: 404 })
      const built = others.create({ model, input: 'x', previous_response_id: id })
      await expect(built).rejects.toMatchObject({
        status: 400,
        code: 'previous_response_not_found',
      })
      const referred = others.create({
        model,
        input: [{ type: 'item_reference', id: `msg_${id.slice(5)}000` }],
      })
      await expect(referred).rejects.toMatchObject({ status: 404, param: 'input[0].id' })
    }
    const { secret: reader } = await gateway.createKey({ scopes: ['READ'] })
    const read = gateway.openai(reader).responses.retrieve(id)
    await expect(read).rejects.toMatchObject({ status: 403 })
  })

  test('expires', async () => {
    const { db } = gateway.running
    const client = gateway.openai()
    const { id } = await client.responses.create({ model, input: 'hello' })
    const [row] = await db.select().from(responses).where(eq(responses.id, id))
    expect(Number(row?.expiresAt) - Number(row?.createdAt)).toBe(2 * 3_600_000)
    await db
      .update(responses)
      .set({ expiresAt: new Date(0) })
      .where(eq(responses.id, id))
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
    expect(await deleteExpiredResponses({ db })).toBe(1)
    expect(await db.select().from(responses).where(eq(responses.id, id))).toEqual([])
  })

  test('keeps any character, a NUL included', async () => {
    const client = gateway.openai()
    const { id } = await client.responses.create({ model: 'demo/echo', input: 'a\u0000b \ud83d' })
    const kept = await client.responses.retrieve(id)
    expect(kept.output_text).toContain('a\u0000b')
    const missing = client.responses.retrieve('resp_%00')
    await expect(missing).rejects.toMatchObject({ status: 404 })
  })
})

describe('what is not stored', () => {
  test('is what the client asked to forget, what failed and what was left', async () => {
    const client = gateway.openai()
    const before = (await rows()).length
    const forgotten = await client.responses.create({ model, input: 'hello', store: false })
    expect(forgotten).toMatchObject({ store: false })
    await expect(client.responses.retrieve(forgotten.id)).rejects.toMatchObject({ status: 404 })
    upstream.next((exchange) => exchange.json(400, { error: { message: 'no' } }))
    await expect(client.responses.create({ model, input: 'x' })).rejects.toMatchObject({
      status: 400,
    })
    expect(await rows()).toHaveLength(before)
  })

  test('is said to be so when the database refuses it, in whole answers and in streams', async () => {
    const { db } = gateway.running
    const client = gateway.openai()
    await db.execute('alter table responses rename to responses_away')
    try {
      const whole = await client.responses.create({ model, input: 'hello' })
      expect(whole).toMatchObject({
        status: 'completed',
        store: false,
        output_text: 'You said: hello',
        xrouter: { warnings: [expect.stringContaining('could not be stored')] },
      })
      const streamed = await client.responses.stream({ model, input: 'hello' }).finalResponse()
      expect(streamed).toMatchObject({ status: 'completed', store: false })
    } finally {
      await db.execute('alter table responses_away rename to responses')
    }
    expect(gateway.logs()).toContain('a response could not be stored')
  })
})
