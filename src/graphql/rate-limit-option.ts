import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import type { GraphqlContext } from './context.ts'
import { createFieldGuard, type FieldGuard } from './field-limit.ts'

/** How often a field may be asked for by one key. */
export interface RateLimitRule {
  /** At once, and in each window; 1 at least. */
  max: number
  windowMs: number
  /** Arguments of which each value is limited by itself. */
  identityArgs?: readonly string[]
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      rateLimitOption: RateLimitPlugin<Types>
    }
    interface FieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      ParentShape = unknown,
      Type extends TypeParam<Types> = TypeParam<Types>,
      Nullable extends FieldNullability<Type> = FieldNullability<Type>,
      Args extends InputFieldMap = InputFieldMap,
      ResolveShape = unknown,
      ResolveReturnShape = unknown,
    > {
      /** How often one key may ask for it; without it, as often as it likes. */
      rateLimit?: RateLimitRule
    }
  }
}

/** Has fields with the option `rateLimit` pass their limit before they are resolved or subscribed to. */
class RateLimitPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    return field.kind === 'Subscription' ? resolver : guarded(resolver, guardOf(field))
  }

  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    return subscribe && guarded(subscribe, guardOf(field))
  }
}

SchemaBuilder.registerPlugin('rateLimitOption', RateLimitPlugin)

function guardOf<Types extends SchemaTypes>({
  parentType,
  name,
  pothosOptions: { rateLimit },
}: PothosOutputFieldConfig<Types>): FieldGuard | undefined {
  return rateLimit && createFieldGuard(`${parentType}.${name}`, rateLimit)
}

function guarded<Context extends object>(
  resolver: GraphQLFieldResolver<unknown, Context, object>,
  guard: FieldGuard | undefined,
): GraphQLFieldResolver<unknown, Context, object> {
  if (!guard) return resolver
  return async (parent, args, context, info) => {
    await guard({ parent, args: named(args), context: ours(context), info })
    return resolver(parent, args, context, info)
  }
}

/** All operations of the schema run with the one context that its builder declares. */
function ours(context: object): GraphqlContext {
  return context as GraphqlContext
}

/** GraphQL's arguments are an object by their names. */
function named(args: object): Record<string, unknown> {
  return args as Record<string, unknown>
}
