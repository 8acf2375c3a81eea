import { GatewayError } from '../errors.ts'
import type { Rule } from '../protocol/rule.ts'
import { autoIntent } from './auto-models.ts'
import type { Catalogue, CatalogueSettings } from './catalogue.ts'
import { boundProblems } from './deployment-bounds.ts'

/** A name in the configuration that means nothing, or what it may not mean, with its place. */
export interface NameProblem {
  path: string
  message: string
}

type Named = Pick<CatalogueSettings, 'models' | 'auto' | 'aliases' | 'fallbacks' | 'prices'> & {
  rules?: readonly Rule[]
}

/** Everything that is wrong with the names of models in the configuration. */
export function nameProblems(catalogue: Catalogue, settings: Named): NameProblem[] {
  return [
    ...virtualNames(catalogue, settings),
    ...boundProblems(settings.models ?? [], (name) => catalogue.resolve(name).modelId),
    ...autoNames(settings),
    ...unknownNames(catalogue, settings),
    ...ruleProviders(catalogue, settings),
  ]
}

function unknownNames(catalogue: Catalogue, settings: Named): NameProblem[] {
  const named = [
    ...Object.entries(settings.aliases).map(([alias, name]) => [`aliases.${alias}`, name]),
    ...Object.entries(settings.fallbacks).flatMap(([id, names]) => [
      [`fallbacks.${JSON.stringify(id)}`, id],
      ...names.map((name, index) => [`fallbacks.${JSON.stringify(id)}[${index}]`, name]),
    ]),
    ...autoEntries(settings),
    ...ruleEntries(settings),
    ...[...settings.prices.keys()].map((id, index) => [`prices[${index}].model`, id]),
  ] as const
  const virtual = new Set((settings.models ?? []).map(({ name }) => name))
  return named.flatMap(([path = '', name = '']) => {
    // What is wrong with a virtual model is said once, where it is.
    if (virtual.has(meaning(settings, name)) || exists(catalogue, name)) return []
    return [{ path, message: `\`${name}\` is no model of a configured provider` }]
  })
}

/** What `auto` stands for, by its place. */
function autoEntries({ auto }: Named): [path: string, name: string][] {
  if (!auto) return []
  const { fallback, models } = auto
  return [
    ...(fallback === undefined ? [] : [['auto.default', fallback] as [string, string]]),
    ...Object.entries(models).map(([intent, name]): [string, string] => [
      `auto.models.${intent}`,
      name,
    ]),
  ]
}

/** A name that stands for what it is to be defined by would never come to an end. */
function autoNames(settings: Named): NameProblem[] {
  return autoEntries(settings).flatMap(([path, name]) =>
    autoIntent(meaning(settings, name)) === undefined
      ? []
      : [{ path, message: `\`${name}\` is what is to be defined` }],
  )
}

/** The models that rules name, by their place. */
function ruleEntries({ rules = [] }: Named): [path: string, name: string][] {
  return rules.flatMap(({ route, pin, fallbacks = [] }, index) => {
    const at = `rules[${index}]`
    return [
      ...(route === undefined ? [] : [[`${at}.route`, route] as [string, string]]),
      ...(pin === undefined ? [] : [[`${at}.pin`, pin] as [string, string]]),
      ...fallbacks.map((name, place): [string, string] => [`${at}.fallbacks[${place}]`, name]),
    ]
  })
}

/** A misspelt provider in a rule would send data where it is forbidden. */
function ruleProviders(catalogue: Catalogue, { rules = [] }: Named): NameProblem[] {
  return rules.flatMap(({ allowProviders = [], denyProviders = [] }, index) =>
    [
      ...allowProviders.map((name, at) => [`allow_providers[${at}]`, name] as const),
      ...denyProviders.map((name, at) => [`deny_providers[${at}]`, name] as const),
    ].flatMap(([place, name]) =>
      catalogue.providers.has(name)
        ? []
        : [{ path: `rules[${index}].${place}`, message: `there is no provider \`${name}\`` }],
    ),
  )
}

function virtualNames(catalogue: Catalogue, settings: Named): NameProblem[] {
  const models = settings.models ?? []
  const virtual = new Set(models.map(({ name }) => name))
  return models.flatMap(({ name, deployments }) => {
    const path = `models.${/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name)}`
    const problems: NameProblem[] = []
    if (Object.hasOwn(settings.aliases, name)) {
      problems.push({ path, message: `\`${name}\` is an alias, too` })
    }
    if (catalogue.providers.has(name.split('/', 1)[0] ?? '') && name.includes('/')) {
      problems.push({ path, message: 'begins like a model of a configured provider' })
    }
    const seen = new Set<string>()
    for (const [index, { model }] of deployments.entries()) {
      const at = `${path}.deployments[${index}].model`
      const fault = partFault(catalogue, { virtual, seen, model, settings })
      if (fault !== undefined) problems.push({ path: at, message: fault })
    }
    return problems
  })
}

function partFault(
  catalogue: Catalogue,
  part: { virtual: Set<string>; seen: Set<string>; model: string; settings: Named },
): string | undefined {
  const { virtual, seen, model, settings } = part
  if (virtual.has(meaning(settings, model)))
    return `\`${model}\` is a virtual model; name what it consists of`
  if (!exists(catalogue, model)) return `\`${model}\` is no model of a configured provider`
  const { modelId } = catalogue.resolve(model)
  if (seen.has(modelId)) return `\`${modelId}\` is there twice; give it a higher weight instead`
  seen.add(modelId)
  return undefined
}

function exists(catalogue: Catalogue, name: string): boolean {
  try {
    catalogue.target(name)
    return true
  } catch (error) {
    if (error instanceof GatewayError) return false
    throw error
  }
}

function meaning({ aliases }: Named, name: string): string {
  return (Object.hasOwn(aliases, name) && aliases[name]) || name
}
