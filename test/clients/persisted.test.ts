import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { apolloClient } from './apollo-client.ts'
import { behaviours } from './behaviours/all.ts'
import { testBehaviours } from './in-node.ts'
import type { ClientFactory } from './typed-client.ts'
import { urqlClient } from './urql-client.ts'

const list = fileURLToPath(new URL('gql/persisted-documents.json', import.meta.url))
const toml = `[graphql]
persisted_documents = ${JSON.stringify(list)}
persisted_only = true`

/** A document that codegen has never seen has no hash. */
const chosen = behaviours.filter(({ name }) => !name.includes('not valid'))

const clients: [string, ClientFactory][] = [
  ['Apollo Client', apolloClient],
  ['urql', urqlClient],
]

describe.each(clients)('%s with a gateway that runs persisted documents only', (_name, create) => {
  testBehaviours((endpoint) => create({ ...endpoint, persisted: true }), { chosen, toml })
})
