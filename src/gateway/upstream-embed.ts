import { GatewayError } from '../errors.ts'
import { signalOf } from '../lib/ending.ts'
import type { EmbeddingApi, EmbeddingBatch, EmbeddingRequest } from '../protocol/embedding.ts'
import { addUsage, type Usage } from '../protocol/usage.ts'
import type { EmbedUpstream } from './deps.ts'
import { readJson } from './upstream-read.ts'
import { CallLimits } from './upstream-limits.ts'
import { connectionError } from './upstream-error.ts'
import { sendSigned, type Upstream } from './upstream-send.ts'

/** Calls of one request that are under way at the same time. */
const concurrentMax = 4

export interface EmbeddingTarget extends Upstream {
  embeddings: EmbeddingApi
  model: string
}

/** Makes all vectors of a request, in as many calls as the provider's limit asks for. */
export async function embedHttp(
  target: EmbeddingTarget,
  request: EmbeddingRequest,
  options: Parameters<EmbedUpstream>[2],
): Promise<EmbeddingBatch> {
  const { inputsMax } = target.embeddings
  const parts: EmbeddingRequest[] = []
  for (let at = 0; at < request.inputs.length; at += inputsMax) {
    parts.push({ ...request, inputs: request.inputs.slice(at, at + inputsMax) })
  }
  const made: EmbeddingBatch[] = []
  const failed = new AbortController()
  const signal = AbortSignal.any([signalOf(options.signal), failed.signal])
  try {
    for (let at = 0; at < parts.length; at += concurrentMax) {
      const some = parts.slice(at, at + concurrentMax)
      const calls = some.map((part) => embedPart(target, part, { ...options, signal }))
      made.push(...(await Promise.all(calls)))
    }
  } finally {
    failed.abort() // one that failed ends the others
  }
  return {
    vectors: made.flatMap(({ vectors }) => vectors),
    usage: sumOf(made.map(({ usage }) => usage)),
    upstreamModel: made[0]?.upstreamModel,
  }
}

async function embedPart(
  target: EmbeddingTarget,
  request: EmbeddingRequest,
  options: Parameters<EmbedUpstream>[2],
): Promise<EmbeddingBatch> {
  const { connection, provider, embeddings } = target
  const limits = new CallLimits(connection, options.signal)
  let head = false
  let whole = false
  try {
    const response = await send(target, request, limits)
    head = true
    options.onHead(response.statusCode)
    const body = await readJson(response, embeddings)
    whole = true
    return embeddings.decodeBody(body, request.inputs.length)
  } catch (error) {
    if (options.signal.aborted || error instanceof GatewayError) throw error
    throw connectionError(error, {
      provider: provider.id,
      connection,
      head,
      reached: limits.reached,
    })
  } finally {
    limits.close({ whole })
  }
}

function send(
  target: EmbeddingTarget,
  request: EmbeddingRequest,
  limits: CallLimits,
): ReturnType<typeof sendSigned> {
  const { provider, embeddings, model } = target
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'xrouter',
  }
  const body = JSON.stringify(embeddings.encodeRequest(request, model))
  const url = provider.baseUrl + embeddings.path(model)
  return sendSigned(target, { method: 'POST', url, headers, body, model }, limits)
}

/** Unknown as soon as one call did not say. */
function sumOf(usages: readonly (Usage | undefined)[]): Usage | undefined {
  return usages.reduce((sum, usage) => sum && usage && addUsage(sum, usage))
}
