import { hash32 } from '../lib/hash.ts'
import type { PriceSnapshot } from '../protocol/settlement.ts'
import type { DeploymentBounds, VirtualDeployment } from '../protocol/routing-policy.ts'
import type { ModelInfo, Provider } from '../providers/provider.ts'
import type { Deployment, Rates } from './catalogue.ts'

export type Deployments = [Deployment, ...Deployment[]]

/** What is known of a provider's model. */
interface Known {
  provider: Provider
  model: string
  price: PriceSnapshot | undefined
  facts: ModelInfo | undefined
  /** What the configuration says of this model; its provider's bounds hold for the rest. */
  bounds: DeploymentBounds | undefined
}

const usual = { weight: 1, priority: 0, tags: [] }

/** A model of a provider as deployments: one, or one for each of the provider's credentials. */
export function deploymentsOf(
  known: Known,
  part: Omit<VirtualDeployment, 'model'> = usual,
): Deployments {
  const [first, ...others] = known.provider.accounts ?? [known.provider]
  const rates = known.price && ratesOf(known.price)
  const made = (account: Provider) => deploymentOf({ ...known, provider: account, rates }, part)
  return [made(first ?? known.provider), ...others.map(made)]
}

function deploymentOf(
  known: Known & Pick<Deployment, 'rates'>,
  part: Omit<VirtualDeployment, 'model'>,
): Deployment {
  const { provider, model, price, rates, facts } = known
  const { credential, site } = provider
  const modelId = `${provider.id}/${model}`
  const id = credential === undefined ? modelId : `${modelId}#${credential}`
  return {
    id,
    modelId,
    provider,
    model,
    credential: credential === undefined ? provider.id : `${provider.id}#${credential}`,
    price,
    rates,
    weight: part.weight,
    priority: part.priority,
    region: part.region ?? site?.region,
    dataPolicy: part.dataPolicy ?? site?.dataPolicy,
    local: site?.local ?? false,
    tags: part.tags,
    variant: part.variant ?? modelId,
    contextLength: facts?.contextLength,
    maxOutputTokens: facts?.maxOutputTokens,
    bounds: known.bounds || provider.bounds ? { ...provider.bounds, ...known.bounds } : undefined,
    hash: hash32(id),
  }
}

/** Undefined where a side has no price: such a deployment cannot be compared. */
function ratesOf({ currency, perMillion }: PriceSnapshot): Rates | undefined {
  const { inputTokens: input, outputTokens: output = '0' } = perMillion
  if (input === undefined) return undefined
  const cached = perMillion.cachedInputTokens ?? input
  return { currency, input: Number(input), cachedInput: Number(cached), output: Number(output) }
}
