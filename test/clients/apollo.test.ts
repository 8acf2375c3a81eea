import { apolloClient } from './apollo-client.ts'
import { describeInNode } from './in-node.ts'

describeInNode('Apollo Client in Node', apolloClient)
