import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeResponse } from '../../../src/dialects/openai-responses/chat-door.ts'
import { createCollector } from '../../../src/protocol/collect.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

test('a response is told and stored with the same time of its end, whenever either is written', () => {
  const decoded = decodeResponse({ model: 'demo/echo', input: 'hi' })
  const collector = createCollector()
  collector.add({ type: 'text-delta', choice: 0, text: 'hi' })
  collector.add({ type: 'finish', choice: 0, reason: { unified: 'stop' } })
  const context = { id: 'req_1', created: 1_796_021_360, model: 'demo/echo' }
  vi.setSystemTime(1_796_021_360_999)
  const stored = decoded.encodeResponse(collector.response(), context)
  vi.setSystemTime(1_796_021_361_001)
  const told = decoded.encodeResponse(collector.response(), context)
  expect(stored).toMatchObject({ status: 'completed', completed_at: 1_796_021_360 })
  expect(told).toEqual(stored)
})
