import { setTimeout as delay } from 'node:timers/promises'
import type { TestGateway } from './gateway.ts'

/** What clients of a gateway under load got so far. */
export interface Load {
  /** Ids of the requests whose whole answer was received. */
  received: string[]
  /** What went wrong for a client; empty when all went well. */
  failures: string[]
  /** Resolves when this many more answers were received. */
  more: (count: number) => Promise<void>
  /** Lets the running requests end. */
  stop: () => Promise<void>
}

const question = { messages: [{ role: 'user' as const, content: 'one two three' }] }

/** Clients that send one completion after the other through every door, with one key. */
export function startLoad(gateway: TestGateway, key: string, model = 'demo/echo'): Load {
  const received: string[] = []
  const failures: string[] = []
  const state = { running: true }
  const doors = [whole, streamed, graphql]
  const client = async (seat: number): Promise<void> => {
    for (let turn = seat; state.running; turn += 1) {
      const door = doors[turn % doors.length] ?? whole
      await door(gateway, key, model).then(
        (id) => void received.push(id),
        async (error: unknown) => {
          if (failures.length < 20) failures.push(String(error))
          await delay(50)
        },
      )
    }
  }
  const clients = Promise.all(Array.from({ length: 6 }, (_, seat) => client(seat)))
  return {
    received,
    failures,
    more: async (count) => {
      const enough = received.length + count
      while (received.length < enough && failures.length === 0) await delay(5)
    },
    stop: async () => {
      state.running = false
      await clients
    },
  }
}

type Door = (gateway: TestGateway, key: string, model: string) => Promise<string>

const whole: Door = async (gateway, key, model) => {
  const answer = await gateway.openai(key).chat.completions.create({ model, ...question })
  if (answer.choices[0]?.message.content !== 'one two three') throw new Error('another answer')
  return answer.id
}

const streamed: Door = async (gateway, key, model) => {
  const { data, response } = await gateway
    .openai(key)
    .chat.completions.create({ model, stream: true, ...question })
    .withResponse()
  let text = ''
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? ''
  if (text !== 'one two three') throw new Error(`a stream that ended at "${text}"`)
  return response.headers.get('x-request-id') ?? ''
}

const graphql: Door = async (gateway, key, model) => {
  const answer = await gateway.graphql<{ createCompletion: { id?: string; message?: string } }>(
    `mutation ($model: String!) { createCompletion(input: { model: $model, messages: [{ role: USER, content: "one" }] }) {
      ... on Completion { id } ... on Error { message } } }`,
    { model },
    key,
  )
  const id = answer.data?.createCompletion.id
  if (id === undefined) throw new Error(JSON.stringify(answer))
  return id
}
