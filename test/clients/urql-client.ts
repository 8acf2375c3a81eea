import type { AnyVariables, CombinedError } from '@urql/core'
import { createUrqlClient } from './recipes/urql.ts'
import { persistedExchange } from './recipes/urql-persisted.ts'
import type { Endpoint, Failure, Outcome, TypedClient } from './typed-client.ts'

export function urqlClient(endpoint: Endpoint): TypedClient {
  const { persisted, ...settings } = endpoint
  const client = createUrqlClient({ ...settings, before: persisted ? [persistedExchange] : [] })
  return {
    query: async (document, variables) =>
      outcomeOf(
        await client
          .query(document, anyOf(variables), { requestPolicy: 'network-only' })
          .toPromise(),
      ),
    mutate: async (document, variables) =>
      outcomeOf(await client.mutation(document, anyOf(variables)).toPromise()),
    subscribe: (document, variables, observer) => {
      let isFirst = true
      const subscription = client.subscription(document, anyOf(variables)).subscribe((result) => {
        // The last result comes once more, to say that it was the last.
        const isNew = isFirst || result.hasNext || result.error?.networkError
        isFirst = false
        if (isNew) observer.next(outcomeOf(result))
        if (!result.hasNext) observer.complete()
      })
      return () => subscription.unsubscribe()
    },
    cached: async (document, variables) =>
      client.readQuery(document, anyOf(variables), { requestPolicy: 'cache-only' })?.data ?? null,
  }
}

function outcomeOf<Data>(result: {
  data?: Data
  error?: CombinedError | undefined
}): Outcome<Data> {
  return { data: result.data ?? null, failures: failuresOf(result.error) }
}

function failuresOf(error: CombinedError | undefined): Failure[] {
  if (!error) return []
  const { networkError, graphQLErrors } = error
  return (networkError ? [networkError] : graphQLErrors).map((one) => {
    const { message, reason, code, extensions } = Object(one) // of a socket it is the CloseEvent
    return { message: message ?? reason, code: extensions?.code ?? code ?? null }
  })
}

/** Variables are an object in every generated type; urql wants it said. */
function anyOf<Variables>(variables: Variables): Variables & AnyVariables {
  return variables as Variables & AnyVariables
}
