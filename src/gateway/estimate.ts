import { loadTokenizer, type CountTokens } from '../lib/tokens.ts'
import type { EmbeddingRequest } from '../protocol/embedding.ts'
import type { ChatRequest, Message } from '../protocol/request.ts'
import type { Usage } from '../protocol/usage.ts'

/** Longer text is counted by its beginning: exact counting of megabytes would hold up every other request. */
const countedCharsMax = 50_000

/** For requests that set no bound. */
const usualAnswerTokens = 1_000

/** What the chat format adds to each message, in tokens. */
const perMessage = 4

/** Usage counted here, where an answer was made and its provider did not report: a cut, a cancel, a silent server. */
export async function estimateUsage(request: ChatRequest, produced: string): Promise<Usage> {
  const count = bounded(await loadTokenizer())
  const inputTokens = countPrompt(request, count)
  return { inputTokens, outputTokens: count(produced), estimated: true }
}

/** What a request will take, as far as it can be known before: where it sets no bound, as much as a usual answer. */
export async function expectedUsage(request: ChatRequest): Promise<Usage> {
  const inputTokens = await estimatePrompt(request)
  return { inputTokens, outputTokens: request.maxTokens ?? usualAnswerTokens, estimated: true }
}

/** The same for texts of which vectors were made; token ids count themselves. */
export async function estimateEmbeddingUsage({ inputs }: EmbeddingRequest): Promise<Usage> {
  const count = bounded(await loadTokenizer())
  const counts = inputs.map((input) => (typeof input === 'string' ? count(input) : input.length))
  return { inputTokens: counts.reduce((sum, tokens) => sum + tokens, 0), estimated: true }
}

/** The tokens of a prompt, counted here. */
export async function estimatePrompt(request: ChatRequest): Promise<number> {
  return countPrompt(request, bounded(await loadTokenizer()))
}

function countPrompt({ messages, tools }: ChatRequest, count: CountTokens): number {
  const prompt = [...messages.map(text), tools ? JSON.stringify(tools) : ''].join('')
  return messages.length * perMessage + count(prompt)
}

/** Everything of a message that is text; images, sound and files are not counted. */
function text({ parts, toolCalls = [] }: Message): string {
  const content = parts.map((part) => ('text' in part ? part.text : ''))
  const calls = toolCalls.map((call) => `${call.name} ${call.arguments}`)
  return [...content, ...calls].filter((part) => part !== '').join('\n')
}

function bounded(count: CountTokens): CountTokens {
  return (whole) => {
    if (whole.length <= countedCharsMax) return count(whole)
    const share = countedCharsMax / whole.length
    return Math.round(count(whole.slice(0, countedCharsMax)) / share)
  }
}
