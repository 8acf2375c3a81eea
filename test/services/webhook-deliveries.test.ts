import { eq } from 'drizzle-orm'
import { describe, expect, test, vi } from 'vitest'
import { auditLog } from '../../src/db/schema/audit-log.ts'
import { redeliver } from '../../src/services/webhooks/deliveries.ts'
import { rotateSecret, updateEndpoint } from '../../src/services/webhooks/endpoints.ts'
import { answer, signers, silence, verified } from '../support/webhook-receiver.ts'
import {
  day,
  hour,
  minute,
  permissive,
  second,
  strict,
  WebhookScene,
} from '../support/webhook-scene.ts'

const scene = new WebhookScene()

describe('a message', () => {
  test('is signed, says what happened and when, and is delivered once', async () => {
    const webhooks = scene.start()
    const { secret } = await scene.endpoint(webhooks)
    await scene.endpoint(webhooks, ['usage.daily'])
    webhooks.emit(scene.event())
    const [message] = await scene.receiver.arrived(1)
    if (!message) throw new Error('nothing arrived')
    expect(verified(secret, message)).toEqual({
      type: 'budget.threshold',
      timestamp: new Date(scene.clock).toISOString(),
      data: { threshold: 80 },
    })
    expect(message.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[0-9a-z]{26}$/),
      'webhook-timestamp': String(Math.floor(scene.clock / 1000)),
      'user-agent': 'XRouter-Webhooks',
    })
    const changed = { ...message, body: message.body.replace('80', '81') }
    expect(() => verified(secret, changed)).toThrow('No matching signature')
    await scene.noted(1)
    const row = await scene.onlyDelivery()
    expect(row).toMatchObject({
      id: message.headers['webhook-id'],
      payload: message.body,
      state: 'delivered',
      attempts: 1,
      nextAttemptAt: null,
      lastStatus: 204,
      lastError: null,
      deliveredAt: new Date(scene.clock),
    })
  })

  test('that fails is sent again by the schedule, under the same id, signed anew', async () => {
    const webhooks = scene.start()
    const { secret } = await scene.endpoint(webhooks)
    scene.receiver.next(answer(500), answer(302, { location: scene.receiver.url }), answer(503))
    webhooks.emit(scene.event())
    await scene.noted(1)
    expect(await scene.onlyDelivery()).toMatchObject({
      state: 'pending',
      attempts: 1,
      lastStatus: 500,
      nextAttemptAt: new Date(scene.clock + 5 * second),
    })
    scene.pass(5 * second - 1, webhooks)
    scene.pass(1, webhooks)
    await scene.noted(2)
    expect((await scene.onlyDelivery()).nextAttemptAt).toEqual(new Date(scene.clock + 5 * minute))
    scene.pass(5 * minute, webhooks)
    await scene.noted(3)
    scene.pass(30 * minute, webhooks)
    await scene.noted(4)
    expect(scene.attempts.map((each) => each.split(' ')[1])).toEqual([
      'retried',
      'retried',
      'retried',
      'delivered',
    ])
    const [first, , , last] = scene.receiver.received
    if (!first || !last) throw new Error('nothing arrived')
    expect(last.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(last.body).toBe(first.body)
    expect(last.headers['webhook-timestamp']).not.toBe(first.headers['webhook-timestamp'])
    expect(signers([secret], last)).toEqual([secret])
    expect((await scene.endpointNow())?.failingSince).toBeNull()
  })

  test('is given up after ten attempts over three days, and can be sent again', async () => {
    const webhooks = scene.start({
      settings: { ...permissive, disableAfterDays: 30 },
    })
    await scene.endpoint(webhooks)
    const began = scene.clock
    scene.receiver.next(...Array.from({ length: 10 }, () => answer(500)))
    webhooks.emit(scene.event())
    for (let count = 1; count < 10; count += 1) {
      await scene.noted(count)
      scene.pass(24 * hour, webhooks)
    }
    await scene.noted(10)
    expect(scene.attempts.at(-1)).toBe('budget.threshold failed')
    const failed = await scene.onlyDelivery()
    expect(failed).toMatchObject({ state: 'failed', attempts: 10, nextAttemptAt: null })
    scene.pass(scene.clock - began, webhooks)
    const deps = scene.deps(webhooks)
    scene.clock = Date.now()
    expect(await redeliver(deps, scene.manager, failed.id)).toMatchObject({
      state: 'pending',
      attempts: 0,
    })
    scene.pass(second, webhooks)
    await scene.noted(11)
    expect(await scene.onlyDelivery()).toMatchObject({
      id: failed.id,
      state: 'delivered',
      attempts: 1,
    })
    const ids = new Set(scene.receiver.received.map(({ headers }) => headers['webhook-id']))
    expect(ids.size).toBe(1)
  })

  test('waits as long as the endpoint asks for', async () => {
    const webhooks = scene.start()
    await scene.endpoint(webhooks)
    scene.receiver.next(answer(429, { 'retry-after': '3600' }))
    webhooks.emit(scene.event())
    await scene.noted(1)
    expect((await scene.onlyDelivery()).nextAttemptAt).toEqual(new Date(scene.clock + hour))
  })

  test('that is answered too late is sent again', async () => {
    const webhooks = scene.start({
      settings: { ...permissive, timeoutMs: 1_000 },
    })
    await scene.endpoint(webhooks)
    scene.receiver.next(silence)
    webhooks.emit(scene.event())
    await scene.noted(1)
    expect(await scene.onlyDelivery()).toMatchObject({
      state: 'pending',
      lastStatus: null,
      lastError: 'no answer within 1000 ms',
    })
    scene.pass(5 * second, webhooks)
    await scene.noted(2)
    expect((await scene.onlyDelivery()).state).toBe('delivered')
  })

  test('to an address that is refused is never sent', async () => {
    const { url } = scene.receiver
    const lenient = scene.start()
    await scene.endpoint(lenient)
    await lenient.close(0)
    const careful = scene.start({
      settings: strict,
    })
    careful.emit(scene.event())
    await scene.noted(1)
    expect((await scene.onlyDelivery()).lastError).toBe(
      'the URL must lead to an address of the public Internet',
    )
    expect(scene.receiver.received).toEqual([])
    expect(careful.lines.join('')).not.toContain(url)
  })
})

describe('an endpoint', () => {
  test('that answers 410 is disabled, and what waits for it stays until it is enabled', async () => {
    const webhooks = scene.start()
    const { endpoint: made } = await scene.endpoint(webhooks)
    scene.receiver.next(answer(410))
    webhooks.emit(scene.event('one'))
    await scene.noted(1)
    await vi.waitFor(async () => expect((await scene.endpointNow())?.enabled).toBe(false))
    expect(await scene.endpointNow()).toMatchObject({ disabledReason: 'gone' })
    expect(await scene.onlyDelivery()).toMatchObject({ state: 'failed', lastStatus: 410 })
    const audit = await scene.db.select().from(auditLog).where(eq(auditLog.entityId, made.id))
    expect(audit.map(({ action }) => action)).toContain('webhook-endpoint.disable')
    await vi.waitFor(() => expect(webhooks.lines.join('')).toContain('webhook endpoint disabled'))
    webhooks.emit(scene.event('two'))
    await vi.waitFor(() => expect(webhooks.lines.join('')).toContain('"deliveries":0'))
    const deps = scene.deps(webhooks)
    const { id } = await scene.onlyDelivery()
    await expect(redeliver(deps, scene.manager, id)).rejects.toMatchObject({ code: 'CONFLICT' })
    const enabled = await updateEndpoint(deps, scene.manager, { id: made.id, enabled: true })
    expect(enabled).toMatchObject({ enabled: true, disabledReason: null, failingSince: null })
  })

  test('that fails for days is disabled, with a line in the log', async () => {
    const webhooks = scene.start()
    const { endpoint: made } = await scene.endpoint(webhooks)
    scene.receiver.next(answer(500), answer(500), answer(500))
    webhooks.emit(scene.event('one'))
    await scene.noted(1)
    expect((await scene.endpointNow())?.failingSince).toEqual(new Date(scene.clock))
    scene.pass(5 * day - 1, webhooks)
    await scene.noted(2)
    expect((await scene.endpointNow())?.enabled).toBe(true)
    scene.pass(5 * minute, webhooks)
    await scene.noted(3)
    await vi.waitFor(async () =>
      expect(await scene.endpointNow()).toMatchObject({
        enabled: false,
        disabledReason: 'failing',
      }),
    )
    const line = webhooks.lines.find((each) => each.includes('webhook endpoint disabled'))
    expect(line).toContain(made.id)
  })

  test('whose secret is rotated gets both signatures for a while, then one', async () => {
    const webhooks = scene.start()
    const { endpoint: made, secret: before } = await scene.endpoint(webhooks)
    const deps = scene.deps(webhooks)
    const { secret: after } = await rotateSecret(deps, scene.manager, {
      id: made.id,
      overlapSeconds: 3_600,
    })
    expect(after).not.toBe(before)
    webhooks.emit(scene.event('one'))
    await scene.noted(1)
    const [both] = scene.receiver.received
    if (!both) throw new Error('nothing arrived')
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2)
    for (const secret of [before, after])
      expect(verified(secret, both)).toMatchObject({ type: 'budget.threshold' })
    scene.clock += hour + second
    webhooks.emit(scene.event('two'))
    await scene.noted(2)
    const last = scene.receiver.received.at(-1)
    if (!last) throw new Error('nothing arrived')
    expect(signers([before, after], last)).toEqual([after])
  })

  test("keeps no secret that can be read, and one of another installation's is not used", async () => {
    const webhooks = scene.start()
    const { secret } = await scene.endpoint(webhooks)
    const kept = JSON.stringify(await scene.endpointNow())
    expect(kept).not.toContain(secret)
    expect(kept).not.toContain(secret.slice('whsec_'.length))
    await webhooks.close(0)
    const other = scene.start({ sealKey: Buffer.alloc(32, 8) })
    other.emit(scene.event())
    await scene.noted(1)
    expect((await scene.onlyDelivery()).lastError).toMatch(/encrypted with another key; rotate it/)
    expect(scene.receiver.received).toEqual([])
    expect([...webhooks.lines, ...other.lines].join('')).not.toContain(secret)
  })
})
