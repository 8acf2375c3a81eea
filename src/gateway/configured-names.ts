import { GatewayError } from '../errors.ts'
import type { Catalogue, CatalogueSettings } from './catalogue.ts'

/** A name in the configuration that means nothing, or what it may not mean, with its place. */
export interface NameProblem {
  path: string
  message: string
}

type Named = Pick<CatalogueSettings, 'models' | 'aliases' | 'fallbacks' | 'prices'>

/** Everything that is wrong with the names of models in the configuration. */
export function nameProblems(catalogue: Catalogue, settings: Named): NameProblem[] {
  return [...virtualNames(catalogue, settings), ...unknownNames(catalogue, settings)]
}

function unknownNames(catalogue: Catalogue, settings: Named): NameProblem[] {
  const named = [
    ...Object.entries(settings.aliases).map(([alias, name]) => [`aliases.${alias}`, name]),
    ...Object.entries(settings.fallbacks).flatMap(([id, names]) => [
      [`fallbacks.${JSON.stringify(id)}`, id],
      ...names.map((name, index) => [`fallbacks.${JSON.stringify(id)}[${index}]`, name]),
    ]),
    ...[...settings.prices.keys()].map((id, index) => [`prices[${index}].model`, id]),
  ] as const
  const virtual = new Set((settings.models ?? []).map(({ name }) => name))
  return named.flatMap(([path = '', name = '']) => {
    // What is wrong with a virtual model is said once, where it is.
    if (virtual.has(meaning(settings, name)) || exists(catalogue, name)) return []
    return [{ path, message: `\`${name}\` is no model of a configured provider` }]
  })
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
