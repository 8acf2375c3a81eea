import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})

afterAll(() => gateway.stop())

const audits = serverAudits({
  url: () => `${gateway.url}/graphql`,
  fetchFn: async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${gateway.adminKey}`)
    return fetch(url, { ...init, headers })
  },
})

describe('GraphQL over HTTP', () => {
  test('is audited as a whole', () => {
    expect(audits.length).toBeGreaterThanOrEqual(60)
  })

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s: %s',
    async (_id, _name, audit) => {
      const result = await audit.fn()
      const reason = result.status === 'ok' ? undefined : result.reason
      expect({ status: result.status, reason }).toEqual({ status: 'ok', reason: undefined })
    },
  )
})
