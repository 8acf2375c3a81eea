import { loadTokenizer } from '../lib/tokens.ts'
import type { ChatRequest, Message } from '../protocol/request.ts'
import type { Usage } from '../protocol/usage.ts'

/** What the chat format adds to each message, in tokens. */
const perMessage = 4

/** Usage counted here, where an answer was made and its provider did not report: a cut, a cancel, a silent server. */
export async function estimateUsage(request: ChatRequest, produced: string): Promise<Usage> {
  const count = await loadTokenizer()
  const prompt = request.messages.reduce(
    (sum, message) => sum + perMessage + count(text(message)),
    0,
  )
  const tools = request.tools ? count(JSON.stringify(request.tools)) : 0
  return { inputTokens: prompt + tools, outputTokens: count(produced), estimated: true }
}

/** Everything of a message that is text; images, sound and files are not counted. */
function text({ parts, reasoning = '', toolCalls = [] }: Message): string {
  const content = parts.map((part) => ('text' in part ? part.text : ''))
  const calls = toolCalls.map((call) => `${call.name} ${call.arguments}`)
  return [...content, reasoning, ...calls].filter((part) => part !== '').join('\n')
}
