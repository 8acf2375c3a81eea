import { createHmac } from 'node:crypto'
import { canonicalJson } from '../lib/canonical-json.ts'
import { without } from '../lib/without.ts'
import type { Actor } from '../protocol/actor.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { entryVersion } from './cache-entry.ts'
import type { CacheSettings } from './cache-settings.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'

/** Where an answer is kept: whose it is, and a digest of everything else that it depends on. */
export interface CachePlace {
  organization: string
  digest: string
}

/** Members of a request that do not change what is answered; `*` is every item of a list. */
const ignoredPaths = [
  'stream',
  'endUserId',
  'messages.*.parts.*.cache',
  'tools.*.cache',
  'passthrough.spellings',
  'passthrough.members.stream_options',
  'passthrough.members.user',
  'passthrough.members.metadata',
  'passthrough.members.store',
  'passthrough.members.safety_identifier',
  'passthrough.members.prompt_cache_key',
  'passthrough.members.prompt_cache_retention',
] as const

export interface CacheKeyParts {
  request: ChatRequest
  call: Pick<Call, 'actor'>
  /** Where such requests may go, in any order. */
  deployments: readonly Deployment[]
  namespace: string
}

/** The place of a request's answer. Prompts cannot be guessed from it: the digest is keyed. */
export function placeOf(
  settings: CacheSettings,
  digestKey: Buffer,
  { request, call, deployments, namespace }: CacheKeyParts,
): CachePlace {
  const { owner, revision, ignoredPaths: further } = settings
  const text = canonicalJson({
    version: entryVersion,
    owner: ownerOf(owner, call.actor),
    namespace,
    revision,
    deployments: revisionsIn(settings, deployments),
    request: without(request, [...ignoredPaths, ...further]),
  })
  return {
    organization: call.actor.organization,
    digest: createHmac('sha256', digestKey).update(text).digest('base64url'),
  }
}

function ownerOf(owner: CacheSettings['owner'], actor: Actor): string[] {
  return owner === 'key' ? [actor.organization, actor.id] : [actor.organization]
}

/** Each model once, whatever credentials it is called with. */
function revisionsIn(settings: CacheSettings, deployments: readonly Deployment[]): string[] {
  const models = new Map(deployments.map((each) => [each.modelId, each]))
  return Array.from(models.values(), (each) => revisionOf(settings, each)).toSorted()
}

/** Another model, another address of its provider or another word in the configuration is another answer. */
function revisionOf(
  { revisions }: CacheSettings,
  { modelId, provider, model }: Deployment,
): string {
  const word = Object.hasOwn(revisions, modelId) ? revisions[modelId] : ''
  return JSON.stringify([modelId, model, provider.baseUrl, word])
}
