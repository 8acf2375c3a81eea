import { GatewayError } from '../errors.ts'
import {
  featureNames,
  features,
  type Emulated,
  type FeatureName,
  type FeatureSupport,
  type Support,
} from '../protocol/features.ts'
import type { ChatRequest, ContentPart } from '../protocol/request.ts'
import type { Deployment } from './catalogue.ts'

/**
 * What a deployment cannot express of a request, said in warnings; throws UNSUPPORTED_FEATURE, which
 * the next deployment may take, for what may not be lost.
 */
export function lossesOf(deployment: Place, request: ChatRequest): string[] {
  const { provider, model } = deployment
  const support = provider.supportOf?.(model) ?? provider.support
  const warnings: string[] = []
  const refused: Loss[] = []
  for (const name of lackingIn(support)) {
    const how = wordFor(name, { support, request, dialect: provider.chat?.dialect })
    if (how === 'native') continue
    const found = features[name].find(request)
    if (found.length === 0) continue
    const paths = found.filter((path) => !isShared(deployment, request, path))
    if (paths.length === 0) continue
    if (how === 'refused') refused.push({ name, paths })
    else if (how !== 'ignored' && how.when?.(request) === false) continue
    else warnings.push(warning(deployment, paths, how))
  }
  if (refused.length > 0) throw refusal(deployment, refused)
  const sealed = support.reasoning_history === 'native' ? sealedElsewhere(deployment, request) : []
  if (sealed.length > 0) {
    warnings.push(
      `${quoted(sealed)} is left out where it is sealed: only the API that sealed it can read it.`,
    )
  }
  return warnings
}

/** Those of some features that a request uses. */
export function usedFeatures(
  request: ChatRequest,
  among: readonly FeatureName[] = featureNames,
): FeatureName[] {
  return among.filter((name) => features[name].find(request).length > 0)
}

/** Whether a request could use a feature in such a way that it is refused. */
export function canRefuse(name: FeatureName, support: FeatureSupport): boolean {
  return support[name] === 'refused' || (wordsByRequest.has(name) && name !== 'passthrough')
}

/** What the refusals of a request depend on beside the used features: the same text, the same refusals. */
export function dialectsOf({ passthrough, messages }: ChatRequest): string {
  const parts = new Set<string>()
  for (const message of messages) {
    for (const part of message.parts) if (part.type === 'native') parts.add(part.dialect)
  }
  return [passthrough?.dialect, ...parts].join(' ')
}

/** Those of the used features that a deployment refuses. */
export function refusedOf(
  { provider, model }: Place,
  request: ChatRequest,
  used: readonly FeatureName[],
): FeatureName[] {
  if (used.length === 0) return []
  const support = provider.supportOf?.(model) ?? provider.support
  const dialect = provider.chat?.dialect
  return used.filter((name) => wordFor(name, { support, request, dialect }) === 'refused')
}

/** What the table is looked up for. */
type Place = Pick<Deployment, 'modelId' | 'provider' | 'model'>

/** Features that may be something else than native: most are, for every request. */
function lackingIn(support: FeatureSupport): readonly FeatureName[] {
  const known = lacking.get(support)
  if (known) return known
  const names = featureNames.filter(
    (name) => wordsByRequest.has(name) || support[name] !== 'native',
  )
  lacking.set(support, names)
  return names
}

const lacking = new WeakMap<FeatureSupport, readonly FeatureName[]>()

/** Those for which `wordFor` looks at the request. */
const wordsByRequest: ReadonlySet<FeatureName> = new Set([
  'passthrough',
  'native_tools',
  'tool_choice_native',
  'native_response_format',
  'native_part',
])

interface Loss {
  name: FeatureName
  /** Where in the request, in OpenAI's words. */
  paths: string[]
}

interface Translation {
  support: FeatureSupport
  request: ChatRequest
  /** The provider's. */
  dialect: string | undefined
}

/** What no door of ours interprets goes as it is to the providers of the dialect that it came in, and to no other. */
function wordFor(name: FeatureName, { support, request, dialect }: Translation): Support {
  const own = request.passthrough?.dialect === dialect
  switch (name) {
    case 'passthrough':
      return own ? 'native' : 'ignored'
    case 'native_tools':
    case 'tool_choice_native':
    case 'native_response_format':
      return own ? support[name] : foreign(support[name])
    case 'native_part':
      return request.messages.every(({ parts }) => parts.every((part) => isAtHome(part, dialect)))
        ? support[name]
        : foreign(support[name])
    default:
      return support[name]
  }
}

/** Members that two sister dialects have in common are passed on between them. */
function isShared({ provider }: Place, { passthrough }: ChatRequest, path: string): boolean {
  if (passthrough === undefined || !(path in passthrough.members)) return false
  return provider.chat?.sharedMembers?.[passthrough.dialect]?.has(path) ?? false
}

/** Reasoning that providers of another dialect sealed. */
function sealedElsewhere({ provider }: Place, { messages }: ChatRequest): string[] {
  return messages.flatMap(({ parts }, at) =>
    parts.flatMap((part, index) =>
      part.type === 'reasoning' && part.sealed && part.sealed.dialect !== provider.chat?.dialect
        ? [`messages[${at}].content[${index}]`]
        : [],
    ),
  )
}

function foreign(word: Support): Support {
  return word === 'native' ? 'refused' : word
}

function isAtHome(part: ContentPart, dialect: string | undefined): boolean {
  return part.type !== 'native' || part.dialect === dialect
}

function warning(
  { modelId: id }: Place,
  paths: readonly string[],
  how: 'ignored' | Emulated,
): string {
  return how === 'ignored'
    ? `${quoted(paths)} is ignored: \`${id}\` has no such setting.`
    : `${quoted(paths)} is emulated for \`${id}\`: ${how.emulated}.`
}

function refusal({ modelId: id }: Place, losses: readonly Loss[]): GatewayError {
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
