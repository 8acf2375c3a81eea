import { parse } from 'graphql'
import { KeyList, Stream, WhoAmI } from '../documents.ts'
import type { Behaviour } from '../scene.ts'
import type { Failure, TypedClient } from '../typed-client.ts'

export const failures: Behaviour[] = [
  {
    name: 'an operation that is not valid is a GraphQL error',
    run: async ({ open }) => {
      const outcome = await open().query(parse('query Wrong { __typename nothing }'), {})
      const messages = outcome.failures.map(({ message }) => message.includes('nothing'))
      return { data: outcome.data, messages }
    },
    expected: { data: null, messages: [true] },
  },
  {
    name: 'no key is UNAUTHENTICATED',
    run: ({ open }) => open({ key: undefined }).query(WhoAmI, {}).then(codesOf),
    expected: ['UNAUTHENTICATED'],
  },
  {
    name: 'a wrong key is INVALID_API_KEY',
    run: ({ open }) => open({ key: 'xr-free-wrong' }).query(WhoAmI, {}).then(codesOf),
    expected: ['INVALID_API_KEY'],
  },
  {
    name: 'a key without the scope is PERMISSION_DENIED',
    run: async ({ open, stage }) => {
      const key = await stage.callerKey()
      return codesOf(await open({ key }).query(KeyList, { first: 50 }))
    },
    expected: ['PERMISSION_DENIED'],
  },
  {
    name: 'ws: without a key the socket is closed with 4403 and not tried again',
    run: async ({ open }) => {
      const failure = await firstFailure(open({ key: undefined }))
      return `${failure.code} ${failure.message}`.includes('4403')
    },
    expected: true,
  },
  {
    name: 'sse: without a key the answer is 401',
    run: async ({ open }) => {
      const failure = await firstFailure(open({ key: undefined, subscriptions: 'sse' }))
      return /401|UNAUTHENTICATED/.test(`${failure.code} ${failure.message}`)
    },
    expected: true,
  },
]

function codesOf(outcome: { failures: Failure[] }): Failure['code'][] {
  return outcome.failures.map(({ code }) => code)
}

function firstFailure(client: TypedClient): Promise<Failure> {
  const input = { model: 'openai/gpt-4o', messages: [{ role: 'USER' as const, content: 'hello' }] }
  return new Promise((resolve) => {
    client.subscribe(
      Stream,
      { input },
      {
        next: ({ failures: [failure] }) => failure && resolve(failure),
        complete: () => {},
      },
    )
  })
}
