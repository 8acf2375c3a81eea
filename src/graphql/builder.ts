import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin, { AuthScopeFailureType, type AuthFailure } from '@pothos/plugin-scope-auth'
import './cache-option.ts'
import './rate-limit-option.ts'
import { GatewayError } from '../errors.ts'
import { hasScope, type Scope } from '../protocol/actor.ts'
import type { GraphqlContext } from './context.ts'

export interface SchemaTypes {
  Context: GraphqlContext
  AuthScopes: {
    /** Open to everyone with a valid key. */
    anyActor: boolean
    /** Open to actors that hold this scope. */
    scope: Scope
  }
  DefaultFieldNullability: false
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    JSON: { Input: unknown; Output: unknown }
    DateTime: { Input: Date; Output: Date }
    BigInt: { Input: bigint; Output: bigint }
  }
}

export const builder = new SchemaBuilder<SchemaTypes>({
  defaultFieldNullability: false,
  // The first is the outermost: who may not use a field does not use up its limit.
  plugins: [
    ScopeAuthPlugin,
    RelayPlugin,
    DataloaderPlugin,
    ComplexityPlugin,
    'rateLimitOption',
    'cacheOption',
  ],
  // The limit is enforced before the execution; here the fields only declare what they cost.
  complexity: { disabled: true },
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: ({ actor }) => ({ anyActor: true, scope: (scope) => hasScope(actor, scope) }),
    unauthorizedError: (_parent, _context, info, { failure }) =>
      permissionDenied(info.fieldName, failure),
  },
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    edgesFieldOptions: {
      nullable: false,
      description: 'The page, in order.',
      complexity: { multiplier: 1 }, // the connection's own field has counted the page
    },
    nodeFieldOptions: { nullable: false, description: 'The item itself.' },
    cursorFieldOptions: { description: 'The place of the item: pass it as `after`.' },
    pageInfoFieldOptions: { description: 'Where the page stands in the whole list.' },
    pageInfoTypeOptions: { description: 'Where a page stands in the whole list.' },
    hasNextPageFieldOptions: { description: 'Whether more items follow.' },
    hasPreviousPageFieldOptions: { description: 'Whether the page was asked for by a cursor.' },
    startCursorFieldOptions: {
      description: 'The cursor of the first item; null on an empty page.',
    },
    endCursorFieldOptions: { description: 'The cursor of the last item; null on an empty page.' },
  },
})

function permissionDenied(field: string, failure: AuthFailure): GatewayError {
  const scope = missingScope(failure)
  const need = scope === undefined ? '' : `; it needs the scope ${scope}`
  return new GatewayError({
    code: 'PERMISSION_DENIED',
    message: `This API key may not use the field \`${field}\`${need}.`,
  })
}

function missingScope(failure: AuthFailure): string | undefined {
  if ('failures' in failure) return failure.failures.map(missingScope).find(Boolean)
  const isScope = failure.kind === AuthScopeFailureType.AuthScope && failure.scope === 'scope'
  return isScope ? String(failure.parameter) : undefined
}
