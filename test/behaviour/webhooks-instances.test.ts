import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { webhookDeliveries } from '../../src/db/schema/webhook-delivery.ts'
import {
  createDatabase,
  realServices,
  testSecret,
  type TestDatabase,
} from '../support/databases.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { limitMoney } from '../support/limit-rows.ts'
import { startReceiver, verified, type WebhookReceiver } from '../support/webhook-receiver.ts'

let database: TestDatabase
let receiver: WebhookReceiver
let gateways: TestGateway[]

beforeAll(async () => {
  database = await createDatabase()
  receiver = await startReceiver()
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: realServices().redisUrl,
    XROUTER_SECRET: testSecret,
  }
  const toml = `[webhooks]
     allow_private_networks = true
     allow_http = true
     [[prices]]
     model = "demo/echo"
     currency = "USD"
     input = "0"
     output = "1000000"`
  const one = await startGateway(toml, environment)
  gateways = [one, await startGateway(toml, environment)]
})

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()))
  await receiver.close()
  await database.drop()
})

test('a budget that two instances spend at once tells of each threshold once, whichever passed it', async () => {
  const [one] = gateways
  if (!one) throw new Error('there is no gateway')
  const { data } = await one.graphql<{ createWebhookEndpoint: { secret: string } }>(
    `mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { secret }
    }`,
    { input: { url: receiver.url, events: ['budget.threshold', 'budget.exceeded'] } },
  )
  const { id, secret: key } = await one.createKey()
  await limitMoney(one, '20', { scope: 'key', subject: id, thresholds: [25, 50, 75] })
  const complete = async (gateway: TestGateway): Promise<string> => {
    const message = { role: 'user' as const, content: 'word' }
    const body = { model: 'demo/echo', messages: [message], max_tokens: 1 }
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    await answer.arrayBuffer()
    return answer.status === 200 ? 'answered' : String(answer.status)
  }
  const twenty = Array.from({ length: 20 }, () => gateways).flat()
  const answers = await Promise.all(twenty.map(complete))
  expect(answers.filter((each) => each === 'answered')).toHaveLength(20)
  expect(answers.filter((each) => each === '402')).toHaveLength(20)
  await receiver.arrived(4)
  // Nothing is on its way any more: what was raised twice would be.
  await vi.waitFor(async () => {
    const rows = await one.running.db.select().from(webhookDeliveries)
    expect(rows.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'delivered'))
  })
  await vi.waitFor(async () => {
    for (const { url, adminKey } of gateways) {
      const headers = { authorization: `Bearer ${adminKey || one.adminKey}` }
      const metrics = await (await fetch(`${url}/metrics`, { headers })).text()
      expect(metrics).toContain('xrouter_events_waiting 0')
    }
  })
  const told = receiver.received.map((message) => {
    const { type, data: facts } = verified(data.createWebhookEndpoint.secret, message)
    return typeof facts['threshold'] === 'number' ? `${type} ${facts['threshold']}` : type
  })
  expect(told.toSorted()).toEqual([
    'budget.exceeded',
    'budget.threshold 25',
    'budget.threshold 50',
    'budget.threshold 75',
  ])
})
