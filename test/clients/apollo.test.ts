import type { ApolloClient } from '@apollo/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apolloClient } from './apollo-client.ts'
import { Ask, CreateKey, KeyList, ModelList, RequestPage, WhoAmI } from './documents.ts'
import { testBehaviours } from './in-node.ts'
import { createApolloClient } from './recipes/apollo.ts'
import { openTheatre, type Theatre } from './stage.ts'

describe('Apollo Client in Node', () => {
  testBehaviours(apolloClient)
})

describe("Apollo Client's cache", () => {
  let theatre: Theatre
  let client: ApolloClient

  beforeAll(async () => {
    theatre = await openTheatre()
    client = createApolloClient(theatre.endpoint)
  })
  afterAll(() => theatre.close())

  const ask = () =>
    client.mutate({
      mutation: Ask,
      variables: {
        input: { model: 'openai/gpt-4o', messages: [{ role: 'USER', content: 'hello' }] },
      },
    })

  const contents = () => Object(client.extract()) as Record<string, object>
  const entities = () => Object.keys(contents()).filter((key) => !key.startsWith('__'))

  test('has every object that has an id under it, and no other', async () => {
    await ask()
    await client.query({ query: WhoAmI })
    await client.query({ query: ModelList, variables: {} })
    await client.query({ query: RequestPage, variables: { first: 5 } })
    await client.query({ query: KeyList, variables: { first: 5 } })
    const kinds = entities().map((key) => key.replace(/:(key|req)_\w+$|:[\w-]+\/[\w.:/-]+$/, ':id'))
    expect([...new Set(kinds)].toSorted()).toEqual([
      'ApiKey:id',
      'Completion:id',
      'Model:id',
      'ROOT_MUTATION',
      'ROOT_QUERY',
      'Request:id',
      'Viewer:id',
    ])
    expect(entities()).toContain('Model:openai/gpt-4o')
  })

  test('never has the secret of a key', async () => {
    const { data } = await client.mutate({
      mutation: CreateKey,
      variables: { input: { name: 'phone' } },
    })
    expect(data?.createApiKey.secret).toMatch(/^xr-free-/)
    expect(JSON.stringify(client.extract())).not.toContain(data?.createApiKey.secret)
  })

  test('keeps tool calls apart that their provider gave the same id', async () => {
    const calls = ['{"city":"Omsk"}', '{"city":"Perm"}']
    for (const call of calls) {
      theatre.simulator.next((exchange) => exchange.json(200, toolCallAnswer(call)))
      await ask()
    }
    const completions = Object.values(contents()).filter(
      (entity) => Object(entity).__typename === 'Completion' && Object(entity).toolCalls.length > 0,
    )
    expect(completions).toMatchObject(
      calls.map((call) => ({ toolCalls: [{ id: 'call_1', arguments: call }] })),
    )
  })
})

function toolCallAnswer(call: string): object {
  const tool = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: call } }
  const message = { role: 'assistant', content: null, tool_calls: [tool] }
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_760_000_000,
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    usage: { prompt_tokens: 8, completion_tokens: 5, total_tokens: 13 },
  }
}
