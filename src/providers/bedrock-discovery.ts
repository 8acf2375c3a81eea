import { decodeBedrockError } from '../dialects/bedrock-converse/decode-error.ts'
import type { ModelInfo, Provider, Send, UpstreamAnswer } from './provider.ts'

/** A list that never ends is no list. */
const pagesMax = 20

/** Lists what can be called in the region: models on demand, and the profiles through which the others are. */
export function discoverModels(
  url: string,
  authorize: Provider['authorize'],
): NonNullable<Provider['discover']> {
  const get = async (path: string, send: Send): Promise<UpstreamAnswer> => {
    const headers = { accept: 'application/json', 'user-agent': 'xrouter' }
    const unsigned = { method: 'GET', url: `${url}${path}`, headers } as const
    return send(await authorize(unsigned, send))
  }
  return async (send) => {
    const found = decodeModels(await get('/foundation-models', send))
    let token: string | undefined
    for (let page = 0; page < pagesMax; page += 1) {
      const query = new URLSearchParams({ maxResults: '1000', ...(token && { nextToken: token }) })
      const { profiles, next } = decodeProfiles(await get(`/inference-profiles?${query}`, send))
      found.push(...profiles)
      token = next
      if (token === undefined) break
    }
    return found
  }
}

/** Models that write, are not past their end, and need no profile. */
export function decodeModels(answer: UpstreamAnswer): ModelInfo[] {
  return listIn(answer, 'modelSummaries').flatMap((item: unknown) => {
    const { modelId: name, inputModalities, outputModalities, ...rest } = Object(item)
    const callable = strings(rest.inferenceTypesSupported).includes('ON_DEMAND')
    const writes = strings(outputModalities).includes('TEXT')
    const over = rest.modelLifecycle?.status === 'LEGACY'
    if (typeof name !== 'string' || !callable || !writes || over) return []
    return [
      {
        name,
        inputModalities: strings(inputModalities).map((word) => word.toLowerCase()),
        ...(rest.responseStreamingSupported === true && { features: ['streaming'] }),
      },
    ]
  })
}

/** One page of the profiles. */
export function decodeProfiles(answer: UpstreamAnswer): {
  profiles: ModelInfo[]
  next: string | undefined
} {
  const profiles = listIn(answer, 'inferenceProfileSummaries').flatMap((item: unknown) => {
    const { inferenceProfileId: name, status } = Object(item)
    return typeof name === 'string' && status === 'ACTIVE' ? [{ name }] : []
  })
  const { nextToken } = Object(answer.body)
  return { profiles, next: typeof nextToken === 'string' ? nextToken : undefined }
}

function listIn({ status, body }: UpstreamAnswer, member: string): unknown[] {
  const list: unknown = Object(body)[member]
  if (status === 200 && Array.isArray(list)) return list
  throw decodeBedrockError({ status, body, headers: {} })
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
