import { isTable, joinPath, parsed, type Problem } from './config-problem.ts'
import { connectionSchema } from './config-schema.ts'
import type { Provider, ProviderType } from './providers/provider.ts'

type Environment = Record<string, string | undefined>

/** The providers of the file, those that the environment switches on, and the demo. */
export function openProviders(
  tables: Record<string, unknown>,
  environment: Environment,
  options: { types: readonly ProviderType[]; production: boolean; problems: Problem[] },
): Provider[] {
  const { types, production, problems } = options
  const named = new Map<string, unknown>(Object.entries(tables))
  for (const type of types) {
    const fromEnvironment = type.fromEnvironment?.(environment)
    const onByDefault = fromEnvironment !== undefined || (type.onByDefault && !production)
    if (onByDefault && !named.has(type.type)) named.set(type.type, {})
  }
  return [...named].flatMap(([name, table]) => {
    const path = joinPath('providers', name)
    if (!isTable(table)) {
      problems.push({ path, message: 'must be a table' })
      return []
    }
    return openProvider(name, table, environment, options) ?? []
  })
}

function openProvider(
  name: string,
  table: Record<string, unknown>,
  environment: Environment,
  { types, problems }: { types: readonly ProviderType[]; problems: Problem[] },
): Provider | undefined {
  const path = joinPath('providers', name)
  const word = table['type'] ?? name
  const type = types.find((each) => each.type === word)
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    problems.push({ path, message: 'a provider’s name has letters, digits, ".", "_" and "-" only' })
    return undefined
  }
  if (!type) {
    const known = types.map((each) => each.type).join(', ')
    problems.push({ path: `${path}.type`, message: `must be one of: ${known}` })
    return undefined
  }
  const { common, own } = splitSettings(type, environment, table)
  const connection = parsed(connectionSchema, common, problems, path)
  if (connection?.enabled === false) return undefined
  const settings = parsed(type.settings, own, problems, path)
  if (!connection || !settings) return undefined
  const provider = type.create(name, settings, {
    caFile: connection.ca_file,
    timeoutConnectMs: connection.timeout_connect_ms,
    timeoutFirstByteMs: connection.timeout_first_byte_ms,
    timeoutIdleMs: connection.timeout_idle_ms,
    timeoutTotalMs: connection.timeout_total_ms,
  })
  return {
    ...provider,
    maxConcurrent: connection.max_concurrent,
    healthCheckIntervalMs: connection.health_check_interval_ms,
  }
}

/** Members that every provider has, and the type's own; what the file says stands before the environment. */
function splitSettings(
  type: ProviderType,
  environment: Environment,
  table: Record<string, unknown>,
) {
  const all = Object.entries({ ...type.fromEnvironment?.(environment), ...table })
  const isCommon = ([key]: [string, unknown]): boolean => key in connectionSchema.shape
  return {
    common: Object.fromEntries(all.filter(isCommon)),
    own: Object.fromEntries(all.filter((entry) => !isCommon(entry))),
  }
}
