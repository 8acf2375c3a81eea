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
    const how = supportHere(deployment, request, { name, how: support[name] })
    if (how === 'native') continue
    const paths = features[name].find(request).filter((path) => !isShared(deployment, request, path))
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

/** What only one vendor's dialect knows is native where that dialect is spoken, and nowhere else. */
function supportHere(
  { provider }: Deployment,
  request: ChatRequest,
  { name, how }: { name: FeatureName; how: Support },
): Support {
  const owner = ownerOf(name, request)
  if (owner === undefined) return how
  if (provider.chat?.dialect === owner) return name === 'passthrough' ? 'native' : how
  if (how !== 'native') return how
  return name === 'passthrough' ? 'ignored' : 'refused'
}

/** The dialect that a feature of this request belongs to; undefined for what every dialect may have. */
function ownerOf(name: FeatureName, { passthrough, messages }: ChatRequest): string | undefined {
  switch (name) {
    case 'passthrough':
    case 'native_tools':
    case 'native_response_format':
    case 'tool_choice_native':
      return passthrough?.dialect
    case 'native_part':
      return messages.flatMap(({ parts }) => parts).find((part) => part.type === 'native')?.dialect
    default:
      return undefined
  }
}

/** Members that two sister dialects have in common are passed on between them. */
function isShared({ provider }: Deployment, { passthrough }: ChatRequest, path: string): boolean {
  if (passthrough === undefined || !(path in passthrough.members)) return false
  return provider.chat?.sharedMembers?.[passthrough.dialect]?.has(path) ?? false
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
