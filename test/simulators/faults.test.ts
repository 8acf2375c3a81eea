import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  errorFrameAfter,
  garbage,
  hang,
  htmlErrorPage,
  httpError,
  malformedFrameAfter,
  overloaded529,
  oversizedLine,
  rateLimited,
  resetAfter,
  resetBeforeHead,
  shortBody,
  stallAfter,
  truncateAfter,
  wrongContentType,
} from '../support/simulators/faults.ts'
import { insufficientQuota } from '../support/simulators/openai-error.ts'
import { type OpenaiSimulator, startOpenaiSimulator } from '../support/simulators/openai.ts'
import { framesOf, open, post } from '../support/simulators/http-client.ts'

let simulator: OpenaiSimulator

beforeEach(async () => {
  simulator = await startOpenaiSimulator()
})

afterEach(() => simulator.close())

const json = { model: 'gpt-4o', messages: [{ role: 'user', content: 'one two three' }] }
const streamed = { ...json, stream: true }

describe('errors with a status', () => {
  test('sends the status with the body of the provider', async () => {
    simulator.next(httpError(500))
    const answer = await post(simulator, json)
    expect(answer.status).toBe(500)
    expect(JSON.parse(answer.body).error).toMatchObject({ type: 'server_error', code: null })
    expect(answer.headers['x-request-id']).toMatch(/^req_/)
  })

  test('sends the body and headers given', async () => {
    simulator.next(httpError(429, insufficientQuota.body(), { 'x-should-retry': 'false' }))
    const answer = await post(simulator, json)
    expect(JSON.parse(answer.body).error.code).toBe('insufficient_quota')
    expect(answer.headers['x-should-retry']).toBe('false')
  })

  test('says when to come back', async () => {
    simulator.next(rateLimited(1.5), rateLimited())
    const told = await post(simulator, json)
    expect(told.status).toBe(429)
    expect(told.headers).toMatchObject({ 'retry-after': '2', 'retry-after-ms': '1500' })
    expect(JSON.parse(told.body).error.code).toBe('rate_limit_exceeded')
    expect((await post(simulator, json)).headers).not.toHaveProperty('retry-after')
  })

  test('is overloaded', async () => {
    simulator.next(overloaded529)
    const answer = await post(simulator, json)
    expect([answer.status, JSON.parse(answer.body).error.type]).toEqual([529, 'overloaded_error'])
  })

  test('shows the page of a proxy', async () => {
    simulator.next(htmlErrorPage(502))
    const answer = await post(simulator, json)
    expect([answer.status, answer.headers['content-type']]).toEqual([502, 'text/html'])
    expect(answer.body).toContain('<h1>502 Error</h1>')
  })
})

describe('broken connections', () => {
  test('resets before the head', async () => {
    simulator.next(resetBeforeHead())
    await expect(post(simulator, json)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(simulator.requests[0]?.aborted).toBe(false)
  })

  test('resets after so many frames', async () => {
    simulator.next(resetAfter(3))
    const answer = await post(simulator, streamed)
    expect([answer.status, answer.broken]).toEqual([200, 'ECONNRESET'])
    expect(contents(answer.body)).toEqual(['', 'You', ' said'])
    expect(simulator.invoice).toMatchObject([{ completionTokens: 2, completed: false }])
  })

  test('resets in the middle of a JSON body', async () => {
    simulator.next(resetAfter(1))
    const answer = await post(simulator, json)
    expect(answer.broken).toBe('ECONNRESET')
    expect(answer.body.length).toBe(Math.floor(Number(answer.headers['content-length']) / 2))
  })

  test('closes before the announced length', async () => {
    simulator.next(shortBody())
    const answer = await post(simulator, json)
    expect(answer.broken).toBe('ECONNRESET')
    expect(answer.body.length).toBeLessThan(Number(answer.headers['content-length']))
  })
})

describe('silence', () => {
  test('hangs until released', async () => {
    const silence = hang()
    simulator.next(silence)
    const answer = post(simulator, json)
    expect((await silence.received).path).toBe('/v1/chat/completions')
    expect(simulator.invoice).toEqual([])
    silence.release()
    expect((await answer).status).toBe(200)
  })

  test('stalls after so many frames, with the connection open', async () => {
    simulator.next(stallAfter(2))
    const { outgoing, response } = await open(simulator, streamed)
    const [request] = await simulator.received(1)
    response.setEncoding('utf8')
    let body = ''
    for await (const chunk of response) {
      body += String(chunk)
      if (framesOf(body).length === 2) break
    }
    expect(contents(body)).toEqual(['', 'You'])
    expect(response.complete).toBe(false)
    outgoing.destroy()
    await request?.closed
    expect(request?.aborted).toBe(true)
  })
})

describe('bodies that lie', () => {
  test('ends a stream properly but too early', async () => {
    simulator.next(truncateAfter(3))
    const answer = await post(simulator, streamed)
    expect(answer.broken).toBeUndefined()
    expect(contents(answer.body)).toEqual(['', 'You', ' said'])
    expect(answer.body).not.toContain('[DONE]')
    expect(simulator.invoice).toMatchObject([{ completed: false }])
  })

  test('cuts JSON under a fitting length', async () => {
    simulator.next(truncateAfter(1))
    const answer = await post(simulator, json)
    expect(answer.broken).toBeUndefined()
    expect(answer.headers['content-length']).toBe(String(answer.body.length))
    expect(() => JSON.parse(answer.body)).toThrow(SyntaxError)
  })

  test('puts an error into a stream', async () => {
    simulator.next(
      errorFrameAfter(2),
      errorFrameAfter([{ own: true }], { error: { code: 'mine' } }),
    )
    const answer = await post(simulator, streamed)
    expect(answer.status).toBe(200)
    expect(framesOf(answer.body).at(-1)).toMatchObject({ error: { type: 'server_error' } })
    expect(answer.body).not.toContain('[DONE]')
    const own = await post(simulator, streamed)
    expect(framesOf(own.body)).toEqual([{ own: true }, { error: { code: 'mine' } }])
  })

  test('breaks off inside a frame', async () => {
    simulator.next(malformedFrameAfter(1))
    const { body } = await post(simulator, streamed)
    const last = body.trimEnd().split('\n\n').at(-1) ?? ''
    expect(() => JSON.parse(last.slice('data: '.length))).toThrow(SyntaxError)
  })

  test.each([json, streamed])('sends garbage under the right content type', async (request) => {
    simulator.next(garbage())
    const answer = await post(simulator, request)
    expect(answer.headers['content-type']).toMatch(/^(application\/json|text\/event-stream)/)
    expect(() => JSON.parse(answer.body)).toThrow(SyntaxError)
  })

  test('sends the right body under a wrong content type', async () => {
    simulator.next(wrongContentType('text/plain'))
    const answer = await post(simulator, json)
    expect(answer.headers['content-type']).toBe('text/plain')
    expect(JSON.parse(answer.body).object).toBe('chat.completion')
  })

  test('sends one line of any length', async () => {
    simulator.next(oversizedLine(1_000_000))
    const { body } = await post(simulator, streamed)
    expect(body.length).toBe(1_000_000)
    expect(body).not.toContain('\n')
  })
})

function contents(body: string): string[] {
  return framesOf(body).map((frame) => frame.choices[0].delta.content)
}
