import { createServer, type ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { recordAnswer, type RecordedAnswer } from '../../src/lib/record-answer.ts'
import { listen } from '../support/listen.ts'

/** What is recorded of an answer, and what its client gets. */
async function record(answer: (response: ServerResponse) => void, bodyBytesMax = 100) {
  const recorded = Promise.withResolvers<RecordedAnswer>()
  const server = createServer((_request, response) => {
    recordAnswer(response, {
      bodyBytesMax,
      onEnd: async (whole) => recorded.resolve(whole),
      onLeft: () => recorded.reject(new Error('left')),
    })
    answer(response)
  })
  const { url, close } = await listen(server)
  try {
    const response = await fetch(url)
    const body = await response.text()
    return { response, body, recorded: await recorded.promise }
  } finally {
    await close()
  }
}

describe('a recorded answer', () => {
  test('has the headers that were given by name', async () => {
    const { response, body, recorded } = await record((answer) => {
      answer.setHeader('X-One', 'a')
      answer.writeHead(201, { 'Content-Type': 'text/plain', 'x-two': 'b' }).end('hello')
    })
    expect([response.status, body]).toEqual([201, 'hello'])
    expect(recorded).toMatchObject({
      status: 201,
      headers: { 'x-one': 'a', 'x-two': 'b', 'content-type': 'text/plain' },
      body: Buffer.from('hello'),
    })
  })

  test('has those that were given as names and values in turn', async () => {
    const { response, recorded } = await record((answer) => {
      answer.writeHead(200, ['Content-Type', 'application/json', 'x-two', 'b'])
      answer.write('{')
      answer.end('}')
    })
    expect(response.headers.get('x-two')).toBe('b')
    expect(recorded.headers).toEqual({ 'content-type': 'application/json', 'x-two': 'b' })
    expect(String(recorded.body)).toBe('{}')
  })

  test('has no body where that is too large', async () => {
    const { body, recorded } = await record((answer) => answer.writeHead(200).end('four'), 3)
    expect(body).toBe('four')
    expect(recorded).toEqual({ status: 200, headers: {}, body: undefined })
  })
})
