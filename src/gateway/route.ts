import { GatewayError, invalidRequest } from '../errors.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { Call, RoutingHints } from './call.ts'
import type { Catalogue, Deployment } from './catalogue.ts'

/** A deployment that may be tried, and whether the client named it or the configuration did. */
export interface Candidate {
  deployment: Deployment
  namedBy: 'client' | 'configuration'
}

/** The deployments for a request, in the order in which they are tried; never empty. */
export function route(
  catalogue: Catalogue,
  request: Pick<ChatRequest, 'model'>,
  call: Call,
): [Candidate, ...Candidate[]] {
  const { hints } = call
  checkLength(request.model)
  checkProviderNames(catalogue, hints)
  const first = catalogue.resolve(request.model)
  const byClient = (hints.fallbacks ?? []).map((name, index) => resolveFallback(name, index))
  const configured = catalogue.fallbacksOf(first.id).map((name) => catalogue.resolve(name))

  function resolveFallback(name: string, index: number): Deployment {
    try {
      return catalogue.resolve(name)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      const { code, message } = error
      throw new GatewayError({ code, message, path: `fallbacks[${index}]` })
    }
  }

  const candidates = new Map<string, Candidate>()
  for (const deployment of [first, ...byClient]) {
    candidates.set(deployment.id, { deployment, namedBy: 'client' })
  }
  for (const deployment of configured) {
    if (!candidates.has(deployment.id)) {
      candidates.set(deployment.id, { deployment, namedBy: 'configuration' })
    }
  }
  return requireSome([...candidates.values()].filter((each) => wanted(each.deployment, hints)))
}

function wanted({ provider }: Deployment, hints: RoutingHints): boolean {
  const allowed = hints.allowProviders?.includes(provider.id) ?? true
  return allowed && !hints.denyProviders?.includes(provider.id)
}

/** Names go into the log's indexes, which take no longer keys. */
const modelCharsMax = 300

function checkLength(model: string): void {
  if (model.length <= modelCharsMax) return
  throw invalidRequest('model', `The name of a model has at most ${modelCharsMax} characters.`)
}

/** A misspelt provider in a deny list would send data where the client forbade it. */
function checkProviderNames(catalogue: Catalogue, hints: RoutingHints): void {
  const lists = { allow_providers: hints.allowProviders, deny_providers: hints.denyProviders }
  for (const [list, names] of Object.entries(lists)) {
    for (const [index, name] of (names ?? []).entries()) {
      if (catalogue.providers.has(name)) continue
      const known = [...catalogue.providers.keys()].join(', ')
      throw invalidRequest(
        `${list}[${index}]`,
        `There is no provider named \`${name.slice(0, 100)}\` here; the configured ones are: ${known}.`,
      )
    }
  }
}

function requireSome(candidates: Candidate[]): [Candidate, ...Candidate[]] {
  const [first, ...rest] = candidates
  if (first) return [first, ...rest]
  throw invalidRequest(
    'model',
    'The lists of allowed and denied providers leave no provider for this model; widen them or add a fallback.',
  )
}
