import { GatewayError } from '../errors.ts'
import { featureNames, features, type FeatureName } from '../protocol/features.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { Deployment } from './catalogue.ts'

/**
 * What a deployment cannot express of a request, said in warnings; throws UNSUPPORTED_FEATURE, which
 * the next deployment may take, for what may not be lost.
 */
export function lossesOf(deployment: Deployment, request: ChatRequest): string[] {
  const { support } = deployment.provider
  return featureNames.flatMap((name) => {
    const how = support[name]
    if (how === 'native') return []
    const paths = features[name].find(request)
    if (paths.length === 0 || (name === 'passthrough' && ownMembers(deployment, request))) return []
    const where = paths.map((path) => `\`${path}\``).join(', ')
    if (how === 'ignored') return [`${where} is ignored: \`${deployment.id}\` has no such setting.`]
    if (how === 'refused') throw refused(deployment, name, paths[0])
    return [`${where} is emulated for \`${deployment.id}\`: ${how.emulated}.`]
  })
}

/** Members that no door of ours knows go as they are to the providers of the dialect that they came in. */
function ownMembers({ provider }: Deployment, { passthrough }: ChatRequest): boolean {
  return provider.chat?.dialect === passthrough?.dialect
}

function refused({ id }: Deployment, name: FeatureName, path: string | undefined): GatewayError {
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `${features[name].title} (\`${name}\`): \`${id}\` cannot express this. Leave it out, or name a model or a fallback that can.`,
    path,
    failover: true,
  })
}
