import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core'
import { isObjectType, type GraphQLSchema } from 'graphql'

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      cacheOption: CacheOptionPlugin<Types>
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
      /**
       * How long an answer may be kept that has the field; the shortest time of all its fields counts. A field of
       * Query that says nothing is never kept, and whatever is asked for beside it.
       */
      cache?: { ttlMs: number }
    }
  }
}

const member = 'xrouterCacheTtlMs'

/** Notes the field option `cache` in the schema, where `cacheTimes` reads it. */
class CacheOptionPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(
    field: PothosOutputFieldConfig<Types>,
  ): PothosOutputFieldConfig<Types> {
    const { cache } = field.pothosOptions
    return cache ? { ...field, extensions: { ...field.extensions, [member]: cache.ttlMs } } : field
  }
}

SchemaBuilder.registerPlugin('cacheOption', CacheOptionPlugin)

/** Milliseconds by coordinate: of every field of Query, 0 unless it says more, and of other fields that say so. */
export function cacheTimes(schema: GraphQLSchema): Record<string, number> {
  const query = schema.getQueryType()
  const times: Record<string, number> = {}
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    if (type.name.startsWith('__')) continue
    for (const [name, { extensions }] of Object.entries(type.getFields())) {
      const ttlMs = extensions[member]
      if (typeof ttlMs === 'number') times[`${type.name}.${name}`] = ttlMs
      else if (type === query) times[`${type.name}.${name}`] = 0
    }
  }
  return times
}
