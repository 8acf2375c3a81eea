import { describe } from 'vitest'
import { testBehaviours } from './in-node.ts'
import { urqlClient } from './urql-client.ts'

describe('urql in Node', () => {
  testBehaviours(urqlClient)
})
