import { eq } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { connect, type DatabaseHandle } from '../../src/db/client.ts'
import { organizations } from '../../src/db/schema/organization.ts'
import { webhookDeliveries } from '../../src/db/schema/webhook-delivery.ts'
import { webhookEndpoints } from '../../src/db/schema/webhook-endpoint.ts'
import type { GatewayEvent } from '../../src/protocol/gateway-event.ts'
import { createEndpoint } from '../../src/services/webhooks/endpoints.ts'
import {
  openWebhooks,
  type Webhooks,
  type WebhooksOptions,
} from '../../src/services/webhooks/open-webhooks.ts'
import { managerOf } from './actors.ts'
import { startDatabase } from './gateway.ts'
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts'

/** Units of the clock, in milliseconds. */
export const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]

/** An instance, with what it logged. */
export type Instance = Webhooks & { lines: string[] }

/** Settings with which nothing can be sent to the receiver. */
export const strict = {
  allowPrivateNetworks: false,
  allowHttp: true,
  timeoutMs: 5_000,
  retentionDays: 30,
  disableAfterDays: 5,
}

export const permissive = { ...strict, allowPrivateNetworks: true }

/**
 * Instances over one database and somebody's endpoint, by a clock of the test's own. Each test has an
 * organisation of its own; what it started is closed after it.
 */
export class WebhookScene {
  clock = 0
  /** What came of each attempt, as `budget.threshold delivered`. */
  attempts: string[] = []
  organization = ''
  #database: Awaited<ReturnType<typeof startDatabase>> | undefined
  #handle: DatabaseHandle | undefined
  #receiver: WebhookReceiver | undefined
  readonly #opened = new Set<Webhooks>()
  #count = 0

  constructor() {
    beforeAll(async () => {
      this.#database = await startDatabase()
      this.#handle = connect(this.#database.address)
      this.#receiver = await startReceiver()
    })
    afterAll(async () => {
      await this.receiver.close()
      await this.#handle?.close()
      await this.#database?.stop()
    })
    beforeEach(async () => {
      this.clock = Date.now()
      this.attempts = []
      this.receiver.reset()
      this.organization = `org_hooks_${(this.#count += 1)}`
      await this.db.insert(organizations).values({ id: this.organization, name: 'Test' })
    })
    afterEach(async () => {
      await this.closeAll()
      await this.db.delete(webhookEndpoints)
    })
  }

  get db(): DatabaseHandle['db'] {
    if (!this.#handle) throw new Error('the database is not open yet')
    return this.#handle.db
  }

  get receiver(): WebhookReceiver {
    if (!this.#receiver) throw new Error('the receiver is not there yet')
    return this.#receiver
  }

  get manager() {
    return managerOf(this.organization)
  }

  /** Starts an instance: its outbox, its worker and its reports. */
  start(changes: Partial<WebhooksOptions> = {}): Instance {
    const lines: string[] = []
    const sink = { write: (line: string) => void lines.push(line) }
    const webhooks = openWebhooks({
      db: this.db,
      ledger: { flush: async () => {} },
      sealKey: Buffer.alloc(32, 7),
      settings: permissive,
      logger: pino({ level: 'debug', base: null }, sink),
      onAttempt: (event, result) => void this.attempts.push(`${event} ${result}`),
      now: () => this.clock,
      random: () => 0,
      ...changes,
    })
    this.#opened.add(webhooks)
    return Object.assign(webhooks, { lines })
  }

  async closeAll(): Promise<void> {
    for (const each of this.#opened) await each.close(1_000)
    this.#opened.clear()
  }

  deps({ settings }: Webhooks) {
    return { db: this.db, webhooks: settings }
  }

  endpoint(webhooks: Webhooks, events: readonly string[] = ['budget.threshold']) {
    const input = { url: this.receiver.url, events, description: 'ours' }
    return createEndpoint(this.deps(webhooks), this.manager, input)
  }

  event(key = 'one', changes: Partial<GatewayEvent> = {}): GatewayEvent {
    const { organization } = this
    const at = new Date(this.clock)
    return { type: 'budget.threshold', organization, key, at, data: { threshold: 80 }, ...changes }
  }

  deliveries() {
    const ours = eq(webhookDeliveries.organizationId, this.organization)
    return this.db.select().from(webhookDeliveries).where(ours)
  }

  async onlyDelivery() {
    const rows = await this.deliveries()
    const [row] = rows
    if (!row || rows.length > 1) throw new Error(`there are ${rows.length} deliveries`)
    return row
  }

  /** The endpoint of the organisation, as it is kept. */
  async endpointNow() {
    const rows = await this.db.select().from(webhookEndpoints)
    return rows.find((row) => row.organizationId === this.organization)
  }

  /** Resolves when so many attempts have been noted. */
  async noted(count: number): Promise<void> {
    const enough = (): void => expect(this.attempts).toHaveLength(count)
    await vi.waitFor(enough, { timeout: 15_000, interval: 20 })
  }

  /** Time passes; what has become due is sent. */
  pass(ms: number, ...instances: Webhooks[]): void {
    this.clock += ms
    for (const { settings } of instances) settings.wake()
  }
}
