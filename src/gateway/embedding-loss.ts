import { GatewayError } from '../errors.ts'
import type { EmbeddingRequest } from '../protocol/embedding.ts'
import type { Deployment } from './catalogue.ts'

/**
 * What a deployment cannot express of a request, said in warnings; throws UNSUPPORTED_FEATURE, which
 * the next deployment may take, for what would make other vectors.
 */
export function embeddingLosses(
  { modelId: id, provider, model }: Deployment,
  request: EmbeddingRequest,
): string[] {
  const api = provider.embeddings
  if (!api) throw unsupported(`The provider \`${provider.id}\` does not offer embeddings.`, 'model')
  const tokens = request.inputs.findIndex((input) => typeof input !== 'string')
  if (tokens >= 0 && !api.tokens) {
    throw unsupported(`\`${id}\` takes texts, not the ids of tokens.`, `input[${tokens}]`)
  }
  if (request.dimensions !== undefined && !(api.dimensionsOf?.(model) ?? api.dimensions)) {
    throw unsupported(
      `\`${id}\` makes vectors of one length; leave \`dimensions\` out.`,
      'dimensions',
    )
  }
  const { passthrough, endUserId } = request
  const foreign = passthrough?.dialect === api.dialect ? {} : passthrough?.members
  const ignored = Object.keys(foreign ?? {})
  if (endUserId !== undefined && !api.endUser) ignored.push('user')
  return ignored.map((member) => `\`${member}\` is ignored: \`${id}\` has no such setting.`)
}

/** Why a deployment cannot make these vectors; empty where it can. */
export function embeddingRefusal(deployment: Deployment, request: EmbeddingRequest): string[] {
  try {
    embeddingLosses(deployment, request)
    return []
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [error.path ?? 'embeddings']
  }
}

/** Of two requests of one kind the same deployments are able. */
export function embeddingKind({ inputs, dimensions }: EmbeddingRequest): string {
  const tokens = inputs.some((input) => typeof input !== 'string')
  return `${tokens ? 'tokens' : 'texts'} ${dimensions === undefined ? '' : 'dimensions'}`
}

function unsupported(message: string, path: string): GatewayError {
  return new GatewayError({ code: 'UNSUPPORTED_FEATURE', message, path, failover: true })
}
