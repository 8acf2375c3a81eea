import { Stream } from '../documents.ts'
import type { StreamSubscription } from '../gql/graphql.ts'
import type { Behaviour } from '../scene.ts'
import type { Failure, TypedClient } from '../typed-client.ts'

type Event = StreamSubscription['completion']

const transports = ['ws', 'sse'] as const

export const streams: Behaviour[] = [
  ...transports.flatMap((subscriptions): Behaviour[] => [
    {
      name: `${subscriptions}: a completion arrives piece by piece`,
      run: async ({ open, stage }) => {
        await stage.hold()
        const reading = read(open({ subscriptions }), 'one')
        for (const word of ['Hel', 'lo', '!']) {
          await stage.say(word)
          await reading.until(() => textOf(reading.events).endsWith(word))
        }
        await stage.finish()
        await reading.completed
        const { events, failures } = reading
        return {
          kinds: events.map(({ __typename }) => __typename),
          sequence: events.map(({ sequence }) => sequence),
          ids: new Set(events.map(({ completionId }) => completionId)).size,
          content: events.map((event) => 'completion' in event && event.completion.content).at(-1),
          text: textOf(events),
          failures,
        }
      },
      expected: {
        kinds: ['CompletionStarted', 'TextDelta', 'TextDelta', 'TextDelta', 'CompletionFinished'],
        sequence: [0, 1, 2, 3, 4],
        ids: 1,
        content: 'Hello!',
        text: 'Hello!',
        failures: [],
      },
    },
    {
      name: `${subscriptions}: leaving hangs up on the provider`,
      run: async ({ open, stage }) => {
        await stage.hold()
        const reading = read(open({ subscriptions }), 'two')
        await stage.say('Hm')
        await reading.until(() => textOf(reading.events) === 'Hm')
        reading.leave()
        return { wasLeft: await stage.left(), failures: reading.failures }
      },
      expected: { wasLeft: true, failures: [] },
    },
    {
      name: `${subscriptions}: an expected failure is an event`,
      run: async ({ open }) => {
        const reading = read(open({ subscriptions }), 'three', 'nowhere/nothing')
        await reading.completed
        const [event, ...others] = reading.events
        if (event?.__typename !== 'CompletionFailed') return reading
        const { code, path } = event.error
        return { code, path, others, failures: reading.failures }
      },
      expected: { code: 'MODEL_NOT_FOUND', path: 'input.model', others: [], failures: [] },
    },
    {
      name: `${subscriptions}: a failure in the middle keeps what came before`,
      run: async ({ open, stage }) => {
        await stage.hold()
        const reading = read(open({ subscriptions }), 'four')
        await stage.say('Hel')
        await reading.until(() => textOf(reading.events) === 'Hel')
        await stage.breakOff()
        await reading.completed
        return {
          kinds: reading.events.map(({ __typename }) => __typename),
          failures: reading.failures,
        }
      },
      expected: { kinds: ['CompletionStarted', 'TextDelta', 'CompletionFailed'], failures: [] },
    },
  ]),
  {
    name: 'ws: a socket that breaks is opened again and asks anew',
    run: async ({ open, stage }) => {
      await stage.hold()
      const reading = read(open(), 'five')
      await stage.say('Hm')
      await reading.until(() => textOf(reading.events) === 'Hm')
      await stage.cut()
      const wasLeft = await stage.left()
      await stage.hold()
      await stage.say('Hello')
      await stage.finish()
      await reading.completed
      const started = reading.events.filter(({ sequence }) => sequence === 0)
      return {
        wasLeft,
        starts: started.map(({ __typename }) => __typename),
        ids: new Set(started.map(({ completionId }) => completionId)).size,
        text: textOf(reading.events),
        failures: reading.failures,
      }
    },
    expected: {
      wasLeft: true,
      starts: ['CompletionStarted', 'CompletionStarted'],
      ids: 2,
      text: 'HmHello',
      failures: [],
    },
  },
  {
    name: 'sse: a connection that breaks is a failure',
    run: async ({ open, stage }) => {
      await stage.hold()
      const reading = read(open({ subscriptions: 'sse' }), 'six')
      await stage.say('Hm')
      await reading.until(() => textOf(reading.events) === 'Hm')
      await stage.cut()
      await reading.until(() => reading.failures.length > 0)
      return { wasLeft: await stage.left(), failures: reading.failures.length }
    },
    expected: { wasLeft: true, failures: 1 },
  },
]

interface Reading {
  events: Event[]
  failures: Failure[]
  /** Resolves once the condition holds; it is looked at whenever something has come. */
  until: (condition: () => boolean) => Promise<void>
  completed: Promise<void>
  leave: () => void
}

function read(client: TypedClient, prompt: string, model = 'openai/gpt-4o'): Reading {
  const events: Event[] = []
  const failures: Failure[] = []
  const completed = Promise.withResolvers<void>()
  let waiting: (() => void)[] = []
  const wake = (): void => {
    for (const check of waiting.splice(0)) check()
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const variables = { input: { model, messages: [{ role: 'USER' as const, content: prompt }] } }
  const leave = client.subscribe(Stream, variables, {
    next: ({ data, failures: more }) => {
      if (data) events.push(data.completion)
      failures.push(...more)
      wake()
    },
    complete: completed.resolve,
  })
  return { events, failures, until, completed: completed.promise, leave }
}

function textOf(events: Event[]): string {
  return events.map((event) => ('text' in event ? event.text : '')).join('')
}
