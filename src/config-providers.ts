import type { z } from 'zod'
import { isTable, joinPath, parsed, type Problem } from './config-problem.ts'
import { connectionSchema } from './config-schema.ts'
import { isLocalUrl } from './lib/local-address.ts'
import type { Connection, Provider, ProviderType, Site } from './providers/provider.ts'

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
  const keys = keysOf(connection?.api_keys, { type, table, path, problems })
  const secret = secretOf(type)
  const [first] = keys
  const settings = parsed(
    type.settings,
    { ...own, ...(first && { [secret]: first.key }) },
    problems,
    path,
  )
  if (!connection || !settings) return undefined
  const create = (given: typeof settings): Provider => {
    const provider = type.create(name, given, connectionOf(connection))
    return Object.assign(provider, {
      site: siteOf(provider, connection),
      maxConcurrent: connection.max_concurrent,
      bounds: ratesOf(connection),
      discoverModels: connection.discover_models,
      healthCheckIntervalMs: connection.health_check_interval_ms,
    })
  }
  if (keys.length < 2) return create(settings)
  const accounts = keys.map(({ id: credential, key }) =>
    Object.assign(create({ ...settings, [secret]: key }), { credential }),
  )
  return Object.assign(accounts[0] ?? create(settings), { accounts })
}

type CommonSettings = z.infer<typeof connectionSchema>

function connectionOf(common: CommonSettings): Connection {
  return {
    caFile: common.ca_file,
    timeoutConnectMs: common.timeout_connect_ms,
    timeoutFirstByteMs: common.timeout_first_byte_ms,
    timeoutIdleMs: common.timeout_idle_ms,
    timeoutTotalMs: common.timeout_total_ms,
  }
}

function ratesOf(common: CommonSettings): Provider['bounds'] {
  const { requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute } = common
  if (requestsPerMinute === undefined && tokensPerMinute === undefined) return undefined
  return {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
  }
}

function siteOf(
  provider: Provider,
  { region, data_policy: dataPolicy, local }: CommonSettings,
): Site {
  const here = provider.connection === undefined || isLocalUrl(provider.baseUrl)
  return { region, dataPolicy, local: local ?? here }
}

function secretOf(type: ProviderType): string {
  return type.secret ?? 'api_key'
}

/** Several credentials, each with a name that may be shown: its own, or its number. */
function keysOf(
  given: CommonSettings['api_keys'],
  place: {
    type: ProviderType
    table: Record<string, unknown>
    path: string
    problems: Problem[]
  },
): { id: string; key: string }[] {
  if (!given) return []
  const path = joinPath(place.path, 'api_keys')
  const secret = secretOf(place.type)
  const report = (message: string): void => void place.problems.push({ path, message })
  if (!(secret in place.type.settings.shape)) report('this kind of provider has no such credential')
  if (secret in place.table) report(`set either this or ${secret}, not both`)
  const keys = given.map((each, index) =>
    typeof each === 'string' ? { id: String(index + 1), key: each } : each,
  )
  if (new Set(keys.map(({ id }) => id)).size < keys.length) report('two have the same id')
  return keys
}
/**
 * Members that every provider has, and the type's own; what the file says stands before the environment. A
 * member that is both, as the region of a cloud, goes to both.
 */
function splitSettings(
  type: ProviderType,
  environment: Environment,
  table: Record<string, unknown>,
) {
  const all = Object.entries({ ...type.fromEnvironment?.(environment), ...table })
  const isCommon = ([key]: [string, unknown]): boolean => key in connectionSchema.shape
  return {
    common: Object.fromEntries(all.filter(isCommon)),
    own: Object.fromEntries(
      all.filter((entry) => !isCommon(entry) || entry[0] in type.settings.shape),
    ),
  }
}
