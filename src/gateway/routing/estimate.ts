import type { ChatRequest, ContentPart, Message } from '../../protocol/request.ts'
import type { TokenEstimate } from '../../protocol/routing.ts'
import type { Rates } from '../catalogue.ts'

/** What an answer is taken for where the request sets no bound. */
const answerTokensUsual = 500

/** What the chat format adds to each message. */
const perMessage = 4

/** What an image or a file is taken for: its size says little of its tokens. */
const perMedium = 1_000

/** Characters for a token: Latin letters, other alphabets, and scripts of one sign for a word. */
const charsPerToken = { latin: 4, alphabet: 2.5, ideograph: 1.2 }

const samplesMax = 32

/** Tokens of a text from its length and a few of its characters: no tokenizer is on the way of a request. */
export function estimateTokens(text: string): number {
  const { length } = text
  if (length === 0) return 0
  const step = Math.max(1, Math.floor(length / samplesMax))
  let samples = 0
  let chars = 0
  for (let at = 0; at < length; at += step) {
    const code = text.charCodeAt(at)
    samples += 1
    if (code < 0x300) chars += charsPerToken.latin
    else chars += code < 0x2e80 ? charsPerToken.alphabet : charsPerToken.ideograph
  }
  return Math.ceil((length * samples) / chars)
}

/** Roughly what a completion reads and writes. */
export function estimateChat(request: ChatRequest): TokenEstimate {
  let inputTokens = request.tools ? estimateTokens(JSON.stringify(request.tools)) : 0
  for (const message of request.messages) inputTokens += ofMessage(message)
  const outputTokens = (request.maxTokens ?? answerTokensUsual) * (request.choices ?? 1)
  return { inputTokens, outputTokens }
}

/** Roughly what there is to make vectors of; ids of tokens count themselves. */
export function estimateTexts(inputs: readonly (string | readonly number[])[]): TokenEstimate {
  let inputTokens = 0
  for (const input of inputs) {
    inputTokens += typeof input === 'string' ? estimateTokens(input) : input.length
  }
  return { inputTokens, outputTokens: 0 }
}

/** All of them. */
export function tokensOf({ inputTokens, outputTokens }: TokenEstimate): number {
  return inputTokens + outputTokens
}

function ofMessage({ parts, toolCalls }: Message): number {
  let tokens = perMessage
  for (const part of parts) tokens += ofPart(part)
  for (const call of toolCalls ?? []) tokens += estimateTokens(call.name + call.arguments)
  return tokens
}

function ofPart(part: ContentPart): number {
  if ('text' in part) return estimateTokens(part.text)
  return part.type === 'tool-call' ? 0 : perMedium
}

/** What a request would cost at these rates, in units of their currency; a share of its input is cached. */
export function estimatedCost(rates: Rates, estimate: TokenEstimate, cachedShare = 0): number {
  const { inputTokens, outputTokens } = estimate
  const input = rates.input * (1 - cachedShare) + rates.cachedInput * cachedShare
  return (inputTokens * input + outputTokens * rates.output) / 1_000_000
}
