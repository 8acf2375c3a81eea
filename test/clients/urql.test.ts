import { describeInNode } from './in-node.ts'
import { urqlClient } from './urql-client.ts'

describeInNode('urql in Node', urqlClient)
