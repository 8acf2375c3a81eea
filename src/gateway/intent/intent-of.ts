import { invalidRequest } from '../../errors.ts'
import { intents, isIntent, type IntentGuess } from '../../protocol/intent.ts'
import type { ChatRequest, Message } from '../../protocol/request.ts'
import type { Tags } from '../../protocol/tags.ts'
import { predict, type IntentModel } from './model.ts'
import { intentModel } from './trained.ts'

/** The tag with which a client says it itself. */
const intentTag = 'intent'

/** A text says early what it wants. */
const textCharsMax = 1_500
/** A short turn ("and in French?") is read with the one before. */
const textCharsMin = 40

export interface IntentQuestion {
  request: ChatRequest
  tags: Tags | undefined
  inputTokens: number
  /** From so many tokens on a prompt is a long one. */
  longContextTokens: number
}

/** What a request wants: its tag says so, or what it consists of, or else its words. */
export function intentOf(question: IntentQuestion, model?: IntentModel): IntentGuess {
  const { request, tags, inputTokens, longContextTokens } = question
  const said = tags?.[intentTag]
  if (said !== undefined) {
    if (!isIntent(said)) {
      throw invalidRequest(
        `tags.${intentTag}`,
        `With the model \`auto\` this tag must be one of: ${intents.join(', ')}.`,
      )
    }
    return { intent: said, from: 'tag' }
  }
  if (inputTokens >= longContextTokens) return { intent: 'long-context', from: 'request' }
  if (hasImage(request)) return { intent: 'vision', from: 'request' }
  if (usesTools(request)) return { intent: 'agent', from: 'request' }
  const { intent, confidence } = predict(model ?? intentModel(), textOf(request.messages))
  return { intent, from: 'text', confidence }
}

function hasImage({ messages }: ChatRequest): boolean {
  return messages.some(({ parts }) => parts.some(({ type }) => type === 'image'))
}

function usesTools({ tools, toolChoice }: ChatRequest): boolean {
  return tools !== undefined && tools.length > 0 && toolChoice?.mode !== 'none'
}

/** What the user said last, with what was said before while that is short. */
function textOf(messages: readonly Message[]): string {
  let text = ''
  for (const { role, parts } of messages.toReversed()) {
    if (role !== 'user') continue
    const own = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
    text = text === '' ? own : `${own.slice(0, textCharsMax)}\n${text}`
    if (text.length >= textCharsMin) break
  }
  return text.slice(0, textCharsMax)
}
