import { eq } from 'drizzle-orm'
import { describe, expect, test, vi } from 'vitest'
import { organizations } from '../../src/db/schema/organization.ts'
import { webhookEndpoints } from '../../src/db/schema/webhook-endpoint.ts'
import { webhookEvents } from '../../src/db/schema/webhook-event.ts'
import { rowsOf, writeRows } from '../../src/gateway/ledger-rows.ts'
import { createEndpoint } from '../../src/services/webhooks/endpoints.ts'
import { managerOf } from '../support/actors.ts'
import { usageEntry } from '../support/usage-entries.ts'
import { answer } from '../support/webhook-receiver.ts'
import { day, hour, minute, strict, WebhookScene } from '../support/webhook-scene.ts'

const scene = new WebhookScene()

describe('an event', () => {
  test('that cannot be written waits, in its order, and keeps nobody waiting', async () => {
    const transaction = vi.spyOn(scene.db, 'transaction')
    const webhooks = scene.start()
    await scene.endpoint(webhooks)
    transaction.mockRejectedValue(new Error('the database is away'))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      for (const key of ['a', 'b', 'c']) webhooks.emit(scene.event(key, { data: { key } }))
      expect(webhooks.waiting()).toBe(3)
      await vi.waitFor(() => expect(webhooks.lines.join('')).toContain('events cannot be written'))
      expect(webhooks.waiting()).toBe(3)
      transaction.mockRestore()
      vi.advanceTimersByTime(1_000)
    } finally {
      vi.useRealTimers()
    }
    await vi.waitFor(() => expect(webhooks.waiting()).toBe(0))
    const rows = await scene.db
      .select()
      .from(webhookEvents)
      .where(eq(webhookEvents.organizationId, scene.organization))
    expect(rows.map(({ key }) => key).toSorted()).toEqual(['a', 'b', 'c'])
    const told = webhooks.lines.filter((line) => line.includes('"msg":"event"'))
    expect(told.map((line) => JSON.parse(line).data.key)).toEqual(['a', 'b', 'c'])
    await scene.noted(3)
  })

  test('that cannot be written until the end, or has no room, is in the log', async () => {
    const webhooks = scene.start()
    const transaction = vi.spyOn(scene.db, 'transaction')
    transaction.mockRejectedValue(new Error('the database is away'))
    for (let index = 0; index < 10_002; index += 1) webhooks.emit(scene.event(`e${index}`))
    expect(webhooks.waiting()).toBe(10_000)
    await webhooks.close(0)
    transaction.mockRestore()
    const lost = webhooks.lines.filter((line) =>
      line.includes('an event is lost but for this line'),
    )
    expect(lost).toHaveLength(10_002)
    expect(JSON.parse(lost.at(-1) ?? '').event).toMatchObject({ key: 'e10001' })
  })

  test('goes to those who listen, of its organisation alone', async () => {
    const webhooks = scene.start()
    await scene.endpoint(webhooks)
    const others = managerOf('org_hooks_others')
    await scene.db
      .insert(organizations)
      .values({ id: others.organization, name: 'Others' })
      .onConflictDoNothing()
    const input = {
      url: `${scene.receiver.url}&others`,
      events: ['budget.threshold'],
      description: '',
    }
    await createEndpoint(scene.deps(webhooks), others, input)
    webhooks.emit(scene.event('one', { type: 'budget.exceeded' }))
    webhooks.emit(scene.event('two'))
    await scene.noted(1)
    await vi.waitFor(() => expect(webhooks.waiting()).toBe(0))
    expect(scene.receiver.received.map(({ path }) => path)).toEqual(['/hook?token=of-the-url'])
  })
})

describe('daily usage', () => {
  const midnight = Date.parse('2026-11-21T00:00:00Z')

  async function use(at: string, nanos: bigint): Promise<void> {
    const createdAt = new Date(at)
    const attempt = { cost: { currency: 'USD', nanos } }
    await writeRows(scene.db, [
      rowsOf(usageEntry(scene.organization, { createdAt, attempts: [attempt] })),
    ])
  }

  async function listener(since: string): Promise<void> {
    const made = await scene.endpoint(scene.start(), ['usage.daily'])
    await scene.db
      .update(webhookEndpoints)
      .set({ createdAt: new Date(since) })
      .where(eq(webhookEndpoints.id, made.endpoint.id))
    await scene.closeAll()
  }

  const days = () => scene.receiver.received.map(({ body }) => JSON.parse(body).data.day as string)

  test('comes when the day is over and everything of it is written', async () => {
    scene.clock = midnight - hour
    await listener('2026-11-20T08:00:00Z')
    await use('2026-11-20T12:00:00Z', 1_500_000_000n)
    await use('2026-11-20T23:59:59.999Z', 1n)
    await use('2026-11-21T00:00:00Z', 7n)
    await use('2026-11-19T23:59:59.999Z', 7n)
    scene.clock = midnight + 15 * minute - 1
    await scene.start().close(1_000)
    expect(await scene.deliveries()).toEqual([])
    scene.clock += 1
    scene.start()
    await scene.noted(1)
    expect(JSON.parse(scene.receiver.received[0]?.body ?? '')).toEqual({
      type: 'usage.daily',
      timestamp: '2026-11-21T00:00:00.000Z',
      data: {
        day: '2026-11-20',
        requests: 2,
        errors: 0,
        attempts: 2,
        unpricedAttempts: 0,
        inputTokens: 20,
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 10,
        reasoningTokens: 0,
        totalTokens: 30,
        cacheHits: 0,
        cost: [{ currency: 'USD', amount: '1.500000001' }],
        accountingCost: [],
      },
    })
  })

  test('comes once from several instances, and for each missed day after all were down', async () => {
    scene.clock = midnight
    await listener('2026-11-20T08:00:00Z')
    scene.clock = midnight + hour
    const [one, other] = [scene.start(), scene.start()]
    await scene.noted(1)
    await one.close(1_000)
    await other.close(1_000)
    expect(days()).toEqual(['2026-11-20'])
    await use('2026-11-22T12:00:00Z', 5n)
    scene.clock = midnight + 3 * day + hour
    scene.start()
    scene.start()
    await scene.noted(4)
    expect(days().toSorted()).toEqual(['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'])
    const unused = scene.receiver.received.find(({ body }) => body.includes('2026-11-21"'))
    expect(JSON.parse(unused?.body ?? '').data).toMatchObject({ requests: 0, cost: [] })
  })

  test('of a long time ago does not come', async () => {
    scene.clock = midnight
    await listener('2026-01-01T00:00:00Z')
    scene.clock = midnight + hour
    scene.start()
    await scene.noted(31)
    expect(days().toSorted()[0]).toBe('2026-10-21')
    expect(days()).toHaveLength(31)
  })
})

test('what is out of date is deleted, also what never arrived', async () => {
  const webhooks = scene.start()
  await scene.endpoint(webhooks)
  scene.receiver.next(answer(500))
  webhooks.emit(scene.event('old'))
  await scene.noted(1)
  await webhooks.close(0)
  scene.clock += 31 * day
  const later = scene.start({ settings: strict })
  await vi.waitFor(async () => expect(await scene.deliveries()).toEqual([]))
  await later.close(0)
  const keys = async () =>
    (await scene.db.select().from(webhookEvents)).filter(
      (row) => row.organizationId === scene.organization,
    )
  expect(await keys()).toHaveLength(1)
  scene.clock += 370 * day
  scene.start()
  await vi.waitFor(async () => expect(await keys()).toEqual([]))
})
