import { eq } from 'drizzle-orm'
import { describe, expect, test, vi } from 'vitest'
import { webhookDeliveries } from '../../src/db/schema/webhook-delivery.ts'
import { claimDue, noteAttempt } from '../../src/services/webhooks/claim.ts'
import { silence } from '../support/webhook-receiver.ts'
import { second, strict, WebhookScene } from '../support/webhook-scene.ts'

const scene = new WebhookScene()

describe('several instances', () => {
  test('deliver each message once', async () => {
    const instances = [scene.start(), scene.start()]
    const [one, other] = instances
    if (!one || !other) throw new Error('there are two')
    await scene.endpoint(one)
    const count = 50
    for (let index = 0; index < count; index += 1) {
      // Both raise all of them, as both see what is true.
      one.emit(scene.event(`e${index}`))
      other.emit(scene.event(`e${index}`))
    }
    await vi.waitFor(
      async () => {
        const rows = await scene.deliveries()
        expect(rows.filter(({ state }) => state === 'delivered')).toHaveLength(count)
      },
      { timeout: 20_000, interval: 50 },
    )
    expect(scene.receiver.received).toHaveLength(count)
    const ids = scene.receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(count)
    const lines = [...one.lines, ...other.lines].filter((line) => line.includes('"msg":"event"'))
    expect(lines).toHaveLength(count)
  })

  test('take over what a dead one had begun, when its lease is over and not before', async () => {
    const first = scene.start()
    await scene.endpoint(first)
    scene.receiver.next(silence)
    first.emit(scene.event())
    await scene.receiver.arrived(1)
    // It dies with the attempt under way: its claim is all that it leaves.
    const claim = await scene.onlyDelivery()
    expect(claim).toMatchObject({ state: 'pending', attempts: 1 })
    expect(claim.nextAttemptAt).toEqual(new Date(scene.clock + 35 * second))
    const next = scene.start()
    scene.pass(35 * second - 1, next)
    expect(await claimDue(scene.db, { now: new Date(scene.clock), leaseMs: 1, limit: 5 })).toEqual(
      [],
    )
    expect(scene.receiver.received).toHaveLength(1)
    scene.pass(1, next)
    await scene.noted(1)
    expect(await scene.onlyDelivery()).toMatchObject({ state: 'delivered', attempts: 2 })
    const [one, two] = scene.receiver.received
    expect(two?.headers['webhook-id']).toBe(one?.headers['webhook-id'])
  })

  test('do not believe one that comes back after its lease', async () => {
    const webhooks = scene.start()
    await scene.endpoint(webhooks)
    await webhooks.close(0)
    const writer = scene.start({ settings: strict })
    writer.emit(scene.event())
    await vi.waitFor(async () => expect(await scene.deliveries()).toHaveLength(1))
    await writer.close(0)
    await scene.db
      .update(webhookDeliveries)
      .set({ state: 'pending', attempts: 0, nextAttemptAt: new Date(scene.clock) })
      .where(eq(webhookDeliveries.organizationId, scene.organization))
    const lease = { leaseMs: 10 * second, limit: 5 }
    const [late] = await claimDue(scene.db, { now: new Date(scene.clock), ...lease })
    const [taken] = await claimDue(scene.db, { now: new Date(scene.clock + 11 * second), ...lease })
    if (!late || !taken) throw new Error('nothing was claimed')
    expect(await noteAttempt(scene.db, late, { state: 'failed', nextAttemptAt: null })).toBe(false)
    expect(await noteAttempt(scene.db, taken, { state: 'delivered', nextAttemptAt: null })).toBe(
      true,
    )
    expect((await scene.onlyDelivery()).state).toBe('delivered')
  })

  test('that stop give back what they had begun', async () => {
    const webhooks = scene.start()
    await scene.endpoint(webhooks)
    scene.receiver.next(silence)
    webhooks.emit(scene.event())
    await scene.receiver.arrived(1)
    await webhooks.close(50)
    expect(await scene.onlyDelivery()).toMatchObject({
      state: 'pending',
      attempts: 0,
      nextAttemptAt: new Date(scene.clock),
    })
    scene.start()
    await scene.noted(1)
    expect((await scene.onlyDelivery()).state).toBe('delivered')
  })
})
