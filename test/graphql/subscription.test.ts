import { setImmediate as tick } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompletionInput, StreamCompletionSubscription } from '../gql/graphql.ts'
import { StreamCompletion } from './documents.ts'
import { startGraphql, type Answer, type TestServer } from './support.ts'

let server: TestServer

beforeAll(async () => {
  server = await startGraphql()
})

afterAll(() => server.stop())

type Results = AsyncGenerator<Answer<StreamCompletionSubscription>>

/** One subscription, ready to be read, and two ways to leave it. */
type Open = (
  input: Partial<CompletionInput>,
  key?: string,
) => { results: Results; cancel: () => void; leave: () => void }

const variablesOf = (input: Partial<CompletionInput>) => ({
  input: { model: 'test/words', messages: [{ role: 'USER' as const, content: 'Hi' }], ...input },
})

const overWebSocket: Open = (input, key = 'admin') => {
  const client = server.client(key)
  const query = StreamCompletion.toString()
  const messages = client.iterate({ query, variables: variablesOf(input) })
  return {
    results: webSocketResults(messages),
    cancel: () => void messages.return?.(),
    leave: () => client.terminate(),
  }
}

/** An `error` message of the protocol is thrown as an array; SSE sends the same as a result. */
async function* webSocketResults(messages: AsyncIterableIterator<unknown>): Results {
  try {
    for await (const message of { [Symbol.asyncIterator]: () => messages })
      yield message as Answer<never>
  } catch (errors) {
    if (!Array.isArray(errors)) return // the socket is closed
    yield { errors }
  }
}

const overSse: Open = (input, key = 'admin') => {
  const controller = new AbortController()
  const results = server.sse(StreamCompletion, variablesOf(input), {
    key,
    signal: controller.signal,
  })
  const leave = (): void => controller.abort()
  return { results, cancel: leave, leave }
}

const transports: [string, Open][] = [
  ['WebSocket', overWebSocket],
  ['SSE', overSse],
]

describe.each(transports)('a completion over %s', (_name, open) => {
  async function eventsOf(input: Partial<CompletionInput>, key?: string) {
    const answers = await Array.fromAsync(open(input, key).results)
    return answers.map((answer) => {
      expect(answer.errors).toBeUndefined()
      return answer.data?.completion
    })
  }

  test('is a numbered sequence of events under one id', async () => {
    const events = await eventsOf({})
    expect(events.map((event) => event?.sequence)).toEqual(events.map((_, index) => index))
    const ids = new Set(events.map((event) => event?.completionId))
    expect([...ids]).toEqual([server.ledger.at(-1)?.settlement.requestId])
    expect(events).toMatchObject([
      { __typename: 'CompletionStarted', model: 'test/words', provider: 'test' },
      { __typename: 'ReasoningDelta', choice: 0, text: 'Let me see.' },
      { __typename: 'TextDelta', choice: 0, text: 'Hello' },
      { __typename: 'TextDelta', choice: 0, text: ' there' },
      {
        __typename: 'CompletionFinished',
        completion: {
          id: [...ids][0],
          content: 'Hello there',
          finishReason: 'STOP',
          usage: { totalTokens: 12 },
          attempts: [{ model: 'test/words', status: 'SUCCEEDED' }],
        },
      },
    ])
    expect(server.ledger.at(-1)).toMatchObject({ stream: true, door: 'graphql' })
  })

  test('opens a tool call with its id and name', async () => {
    const { length, ...events } = await eventsOf({ model: 'test/tools' })
    expect(length).toBe(5)
    expect(Object.values(events).slice(1, 4)).toMatchObject([
      { __typename: 'ToolCallDelta', index: 0, id: 'call_1', name: 'add', argumentsDelta: '' },
      { __typename: 'ToolCallDelta', index: 0, id: null, name: null, argumentsDelta: '{"a":' },
      { __typename: 'ToolCallDelta', index: 0, id: null, name: null, argumentsDelta: '1}' },
    ])
  })

  test('keeps a refusal apart from the text', async () => {
    expect(await eventsOf({ model: 'test/refuses' })).toMatchObject([
      { __typename: 'CompletionStarted' },
      { __typename: 'RefusalDelta', text: 'No.' },
      { __typename: 'CompletionFinished', completion: { content: null } },
    ])
  })

  test('starts once, with the deployment that answers', async () => {
    const events = await eventsOf({ model: 'test/fails', fallbacks: ['test/words'] })
    const started = events.filter((event) => event && 'model' in event)
    expect(started).toMatchObject([{ sequence: 0, model: 'test/words' }])
    expect(events.at(-1)).toMatchObject({
      completion: { attempts: [{ status: 'FAILED' }, { status: 'SUCCEEDED' }] },
    })
  })

  test.each([
    [{ model: 'test/fails' }, undefined, 'PROVIDER_RATE_LIMITED', null, 1],
    [{ model: 'test/unknown' }, undefined, 'MODEL_NOT_FOUND', 'input.model', 0],
    [{ temperature: 9 }, undefined, 'INVALID_REQUEST', 'input.temperature', 0],
    [{}, 'reader', 'PERMISSION_DENIED', 'input.model', 0],
    [{ model: 'test/tools' }, 'narrow', 'PERMISSION_DENIED', 'input.model', 0],
  ])('that fails before content is one event: %j %s', async (input, key, code, path, attempts) => {
    const events = await eventsOf(input, key)
    expect(events).toMatchObject([
      { __typename: 'CompletionFailed', sequence: 0, error: { code, path } },
    ])
    expect(events[0]).toHaveProperty('error.attempts.length', attempts)
  })

  test('that breaks keeps what came before', async () => {
    expect(await eventsOf({ model: 'test/breaks' })).toMatchObject([
      { __typename: 'CompletionStarted', sequence: 0 },
      { __typename: 'TextDelta', sequence: 1, text: 'Hel' },
      {
        __typename: 'CompletionFailed',
        sequence: 2,
        error: { code: 'PROVIDER_RATE_LIMITED', attempts: [{ status: 'FAILED' }] },
      },
    ])
  })

  test('masks a bug and logs it', async () => {
    const answers = await Array.fromAsync(open({ model: 'test/bug' }).results)
    expect(answers.at(-1)?.errors).toMatchObject([
      {
        message: expect.stringContaining('inside the gateway'),
        extensions: { code: 'INTERNAL_ERROR', requestId: expect.stringMatching(/^req_/) },
      },
    ])
    expect(JSON.stringify(answers)).not.toContain('hunter2')
    expect(server.logs()).toContain('hunter2')
  })

  test.each(['cancel', 'leave'] as const)(
    'ends the upstream call at once on %s, without waiting for its next word',
    async (way) => {
      const subscription = open({ model: 'test/silent' })
      const read: unknown[] = []
      const reading = (async () => {
        for await (const { data, errors } of subscription.results) {
          read.push(errors ?? data?.completion.sequence)
        }
      })().catch(() => {})
      while (read.length < 2) await tick()
      const ended = server.scripts.ended()
      const left = performance.now()
      subscription[way]()
      await server.scripts.aborted()
      expect(performance.now() - left).toBeLessThan(250)
      await tick()
      expect(server.scripts.ended()).toBe(ended + 1)
      expect(server.ledger.at(-1)).toMatchObject({
        settlement: { status: 'cancelled', attempts: [{ status: 'cancelled' }] },
        errorCode: 'CANCELLED',
      })
      await reading
      expect(read).toEqual([0, 1])
    },
  )
})

test('cancelled subscriptions leave no error in the log', () => {
  const errors = server
    .logs()
    .split('\n')
    .filter((line) => line.includes('"level":50') && !line.includes('hunter2'))
  expect(errors).toEqual([])
})
