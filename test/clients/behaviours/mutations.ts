import { Ask, CreateKey, KeyList, RevokeKey } from '../documents.ts'
import type { Behaviour } from '../scene.ts'

const input = { model: 'openai/gpt-4o', messages: [{ role: 'USER' as const, content: 'hello' }] }

export const mutations: Behaviour[] = [
  {
    name: 'a completion is a member of the union',
    run: async ({ open }) => {
      const { data, failures } = await open().mutate(Ask, { input })
      const result = data?.createCompletion
      if (result?.__typename !== 'Completion') return result
      return { content: result.content, model: result.model, failures }
    },
    expected: { content: 'You said: hello', model: 'openai/gpt-4o', failures: [] },
  },
  {
    name: 'a mistake in the input is the other member, with its path',
    run: async ({ open }) => {
      const { data, failures } = await open().mutate(Ask, {
        input: { ...input, model: 'nowhere/nothing' },
      })
      const result = data?.createCompletion
      if (result?.__typename !== 'CompletionError') return result
      const { code, path, retryable, attempts } = result
      return { code, path, retryable, attempts: attempts.length, failures }
    },
    expected: {
      code: 'MODEL_NOT_FOUND',
      path: 'input.model',
      retryable: false,
      attempts: 0,
      failures: [],
    },
  },
  {
    name: 'a failure of the provider is the other member, with its attempts',
    run: async ({ open, stage }) => {
      await stage.refuse(429)
      const { data, failures } = await open().mutate(Ask, { input })
      const result = data?.createCompletion
      if (result?.__typename !== 'CompletionError') return result
      const { code, retryable, requestId, attempts } = result
      const statuses = attempts.map(({ status }) => status)
      return { code, retryable, prefix: requestId.slice(0, 4), statuses, failures }
    },
    expected: {
      code: 'PROVIDER_RATE_LIMITED',
      retryable: true,
      prefix: 'req_',
      statuses: ['FAILED'],
      failures: [],
    },
  },
  {
    name: 'a key that is created makes the list be read again, one that is revoked changes in it',
    run: async ({ open, traffic }) => {
      const client = open()
      await client.query(KeyList, { first: 50 })
      const created = await client.mutate(CreateKey, { input: { name: 'phone' } })
      const { secret, apiKey } = created.data?.createApiKey ?? {}
      const forgotten = await client.cached(KeyList, { first: 50 })
      const { data } = await client.query(KeyList, { first: 50 })
      const id = apiKey?.id ?? ''
      const { requests } = traffic
      await client.mutate(RevokeKey, { id })
      const keys = (await client.cached(KeyList, { first: 50 }))?.apiKeys.edges.map(
        ({ node }) => node,
      )
      return {
        secret: secret?.slice(0, 8),
        forgotten,
        isListed: data?.apiKeys.edges.some(({ node }) => node.id === id && !node.revokedAt),
        isRevoked: keys?.some((key) => key.id === id && key.revokedAt),
        othersAreNot: keys?.some((key) => key.id !== id && !key.revokedAt),
        requests: traffic.requests - requests,
      }
    },
    expected: {
      secret: 'xr-free-',
      forgotten: null,
      isListed: true,
      isRevoked: true,
      othersAreNot: true,
      requests: 1,
    },
  },
]
