import type { ChatRequest, ContentPart } from '../../protocol/request.ts'
import type { EmbeddingRequest } from '../../protocol/embedding.ts'
import type { Money, PriceSnapshot } from '../../protocol/settlement.ts'
import type { Deployment } from '../catalogue.ts'
import { costOf } from '../cost.ts'
import { estimateEmbeddingUsage, estimatePrompt } from '../estimate.ts'

/** What a request may use at most, as far as can be said before it is sent. */
export interface Demand {
  /** Tokens of the prompt; asked for only where something limits tokens or money. */
  inputTokens(): Promise<number>
  /** Tokens that a deployment may generate; `usual` where neither the request nor its model has a bound. */
  outputTokens(maxOutputTokens: number | undefined, usual: number): number
}

/** What is taken for a part that is no text: the most that a usual image costs, and a byte-wise bound for files. */
const imageTokens = 1_600
const charsPerFileToken = 4

export function chatDemand(request: ChatRequest): Demand {
  return {
    inputTokens: async () => (await estimatePrompt(request)) + mediaTokens(request),
    outputTokens: (most, usual) => {
      const bound = request.maxTokens ?? most ?? usual
      return Math.min(bound, most ?? bound) * (request.choices ?? 1)
    },
  }
}

export function embeddingDemand(request: EmbeddingRequest): Demand {
  return {
    inputTokens: async () => (await estimateEmbeddingUsage(request)).inputTokens ?? 0,
    outputTokens: () => 0,
  }
}

/** For a call that makes nothing, such as counting a prompt. */
export const noDemand: Demand = { inputTokens: async () => 0, outputTokens: () => 0 }

/** What so many tokens cost at a deployment at most: each side at its dearest class. Undefined without a price. */
export function dearestCost(
  { price }: Pick<Deployment, 'price'>,
  tokens: { inputTokens: number; outputTokens: number },
): Money | undefined {
  return price && costOf(dearest(price), { ...tokens, estimated: true })
}

/** Made once for each price: requests ask for it again and again. */
const dearestOf = new WeakMap<PriceSnapshot, PriceSnapshot>()

function dearest(price: PriceSnapshot): PriceSnapshot {
  const known = dearestOf.get(price)
  if (known) return known
  const { inputTokens, cacheWriteTokens, cachedInputTokens, outputTokens, reasoningTokens } =
    price.perMillion
  const made = {
    ...price,
    perMillion: {
      ...highest('inputTokens', [inputTokens, cacheWriteTokens, cachedInputTokens]),
      ...highest('outputTokens', [outputTokens, reasoningTokens]),
    },
  }
  dearestOf.set(price, made)
  return made
}

function highest(name: 'inputTokens' | 'outputTokens', prices: readonly (string | undefined)[]) {
  const known = prices.filter((each) => each !== undefined)
  const [first] = known.toSorted((a, b) => Number(b) - Number(a))
  return first === undefined ? {} : { [name]: first }
}

function mediaTokens({ messages }: ChatRequest): number {
  let tokens = 0
  for (const { parts } of messages) for (const part of parts) tokens += tokensOfPart(part)
  return tokens
}

function tokensOfPart(part: ContentPart): number {
  switch (part.type) {
    case 'image':
      return imageTokens
    case 'audio':
      return Math.ceil(part.data.length / charsPerFileToken)
    case 'file':
      return 'url' in part ? Math.ceil(part.url.length / charsPerFileToken) : 0
    default:
      return 0
  }
}
