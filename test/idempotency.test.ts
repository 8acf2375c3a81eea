import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createIdempotency, type Idempotency } from '../src/idempotency.ts'
import { recordAnswer, type RecordedAnswer } from '../src/lib/record-answer.ts'
import { managerOf } from './support/actors.ts'
import { collectLogs } from './support/logs.ts'

/** What the server does with the next request. */
let handle: (response: ServerResponse) => void | Promise<void>
const server = createServer((_request, response) => void handle(response))

beforeEach(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function ask(signal?: AbortSignal): Promise<Response> {
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('the server has no port')
  return fetch(`http://127.0.0.1:${address.port}`, { signal: signal ?? null })
}

describe('a recorded answer', () => {
  const recorded = (write: (response: ServerResponse) => void, bodyBytesMax = 100) => {
    const made = Promise.withResolvers<RecordedAnswer>()
    handle = (response) => {
      const onEnd = async (answer: RecordedAnswer) => made.resolve(answer)
      recordAnswer(response, { bodyBytesMax, onEnd, onLeft: () => {} })
      write(response)
    }
    return made.promise
  }

  test('has the status, all headers and every byte, however they are written', async () => {
    const copy = recorded((response) => {
      response.setHeader('X-One', '1')
      response.writeHead(201, { 'X-Two': '2' })
      response.write('a')
      response.write('62', 'hex')
      response.write(Buffer.from('c'))
      response.end(new Uint8Array([100]))
    })
    const answer = await ask()
    expect(await answer.text()).toBe('abcd')
    const { status, headers, body } = await copy
    expect(status).toBe(201)
    expect(headers).toMatchObject({ 'x-one': '1', 'x-two': '2' })
    expect(body?.toString()).toBe('abcd')
  })

  test('has no body where that is longer than asked for, though the client gets it', async () => {
    const copy = recorded((response) => {
      response.write('x'.repeat(60))
      response.end('x'.repeat(60))
    })
    expect(await (await ask()).text()).toHaveLength(120)
    expect((await copy).body).toBeUndefined()
  })

  test('is dealt with before the client has its end', async () => {
    const dealt = Promise.withResolvers<void>()
    let ended = false
    handle = (response) => {
      recordAnswer(response, { bodyBytesMax: 100, onEnd: () => dealt.promise, onLeft: () => {} })
      response.write('first')
      response.end('last')
      response.end('never')
    }
    const text = ask()
      .then((answer) => answer.text())
      .finally(() => (ended = true))
    await ask().then((answer) => answer.body?.cancel())
    expect(ended).toBe(false)
    dealt.resolve()
    expect(await text).toBe('firstlast')
  })

  test('tells of a client that left before the end', async () => {
    const left = Promise.withResolvers<void>()
    const controller = new AbortController()
    handle = (response) => {
      recordAnswer(response, { bodyBytesMax: 100, onEnd: async () => {}, onLeft: left.resolve })
      response.write('first')
    }
    await ask(controller.signal)
    controller.abort()
    await expect(left.promise).resolves.toBeUndefined()
  })
})

test('a repetition waits for an answer that is being kept, and asks the database then', async () => {
  const kept = Promise.withResolvers<void>()
  const asked: string[] = []
  const returning = async () => {
    asked.push('claim')
    return [{ requestId: 'req_1' }]
  }
  const db = {
    insert: () => ({ values: () => ({ onConflictDoUpdate: () => ({ returning }) }) }),
    update: () => ({ set: () => ({ where: () => kept.promise.then(() => asked.push('keep')) }) }),
  }
  const { logger } = collectLogs()
  const idempotency = createIdempotency({ db: db as never }, logger)
  const begun: Promise<unknown>[] = []
  handle = async (response) => {
    const exchange = { key: 'k', route: '/', body: {}, requestId: 'req_1', response }
    const beginning = idempotency.begin({ ...exchange, actor: managerOf('org_1') })
    begun.push(beginning)
    const ran = await beginning
    if ('onSettled' in ran) ran.onSettled({ requestId: 'req_1', status: 'succeeded', attempts: [] })
    response.write('[DONE]')
    response.end()
  }
  const first = await ask()
  const reader = first.body?.getReader()
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('[DONE]')
  const second = ask()
  await expect.poll(() => begun.length).toBe(2)
  expect(asked).toEqual(['claim'])
  kept.resolve()
  await second
  expect(asked.slice(0, 3)).toEqual(['claim', 'keep', 'claim'])
  idempotency.close()
})

describe('while the database is away', () => {
  /** Every statement fails. */
  const awayDb = new Proxy(
    {},
    {
      get: () => () => {
        throw new Error('Failed query', { cause: new Error('connect ECONNREFUSED') })
      },
    },
  )
  let idempotency: Idempotency
  afterEach(() => idempotency.close())

  test('a request with a key is 503 and may come again; it is not run', async () => {
    const { logger } = collectLogs()
    idempotency = createIdempotency({ db: awayDb as never }, logger)
    const begun = Promise.withResolvers<unknown>()
    handle = async (response) => {
      const exchange = { key: 'k', route: '/', body: {}, requestId: 'req_1', response }
      const actor = managerOf('org_1')
      begun.resolve(
        await idempotency.begin({ ...exchange, actor }).catch((error: unknown) => error),
      )
      response.end()
    }
    await ask()
    expect(await begun.promise).toMatchObject({
      code: 'OVERLOADED',
      retryAfterMs: 1000,
      message: expect.stringContaining('could not be checked'),
    })
  })

  test('an answer goes out all the same, and the log says that it was not kept', async () => {
    const { logger, logs } = collectLogs()
    // The key was taken before the database went away.
    const taken = { returning: async () => [{ requestId: 'req_1' }] }
    const insert = () => ({ values: () => ({ onConflictDoUpdate: () => taken }) })
    const db = new Proxy(awayDb, {
      get: (target, name, self) => (name === 'insert' ? insert : Reflect.get(target, name, self)),
    })
    idempotency = createIdempotency({ db: db as never }, logger)
    handle = async (response) => {
      const exchange = { key: 'k', route: '/', body: {}, requestId: 'req_1', response }
      const begun = await idempotency.begin({ ...exchange, actor: managerOf('org_1') })
      if ('onSettled' in begun) {
        begun.onSettled({ requestId: 'req_1', status: 'succeeded', attempts: [] })
      }
      response.end('the answer')
    }
    expect(await (await ask()).text()).toBe('the answer')
    expect(logs()).toContain('an idempotent answer was not kept')
    expect(logs()).toContain('ECONNREFUSED')
  })
})
