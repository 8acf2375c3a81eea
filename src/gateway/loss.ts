import { GatewayError } from '../errors.ts'
import {
  featureNames,
  features,
  type Emulated,
  type FeatureName,
  type Support,
} from '../protocol/features.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { Deployment } from './catalogue.ts'

/**
 * What a deployment cannot express of a request, said in warnings; throws UNSUPPORTED_FEATURE, which
 * the next deployment may take, for what may not be lost.
 */
export function lossesOf(deployment: Deployment, request: ChatRequest): string[] {
  const { provider, model } = deployment
  const support = provider.supportOf?.(model) ?? provider.support
  const warnings: string[] = []
  const refused: Loss[] = []
  for (const name of featureNames) {
    const how = ownWord(name, deployment, request) ?? support[name]
    if (how === 'native') continue
    const paths = features[name].find(request)
    if (paths.length === 0) continue
    if (how === 'refused') refused.push({ name, paths })
    else if (how !== 'ignored' && how.when?.(request) === false) continue
    else warnings.push(warning(deployment, paths, how))
  }
  if (refused.length > 0) throw refusal(deployment, refused)
  return warnings
}

interface Loss {
  name: FeatureName
  /** Where in the request, in OpenAI's words. */
  paths: string[]
}

/** What belongs to one dialect goes as it is to the providers that speak it, and to no other. */
function ownWord(
  name: FeatureName,
  { provider }: Deployment,
  request: ChatRequest,
): Support | undefined {
  const dialect = provider.chat?.dialect
  switch (name) {
    case 'native_part':
      return holdsForeignParts(request, dialect) ? 'refused' : 'native'
    case 'native_tools':
    case 'tool_choice_native':
    case 'native_response_format':
      return ownMembers(dialect, request) ? undefined : 'refused'
    case 'passthrough':
      return ownMembers(dialect, request) ? 'native' : 'ignored'
    default:
      return undefined
  }
}

function ownMembers(dialect: string | undefined, { passthrough }: ChatRequest): boolean {
  return dialect !== undefined && dialect === passthrough?.dialect
}

function holdsForeignParts({ messages }: ChatRequest, dialect: string | undefined): boolean {
  return messages.some(({ parts }) =>
    parts.some((part) => part.type === 'native' && part.dialect !== dialect),
  )
}

function warning({ id }: Deployment, paths: readonly string[], how: 'ignored' | Emulated): string {
  return how === 'ignored'
    ? `${quoted(paths)} is ignored: \`${id}\` has no such setting.`
    : `${quoted(paths)} is emulated for \`${id}\`: ${how.emulated}.`
}

function refusal({ id }: Deployment, losses: readonly Loss[]): GatewayError {
  const what = losses.map(({ name, paths }) => `${name} (${quoted(paths)})`).join(', ')
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `\`${id}\` cannot express ${what}. Leave it out, or name a model or a fallback that can.`,
    path: losses[0]?.paths[0],
    failover: true,
  })
}

function quoted(paths: readonly string[]): string {
  return paths.map((path) => `\`${path}\``).join(', ')
}
