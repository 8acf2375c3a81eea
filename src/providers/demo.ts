import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ChatEvent } from '../protocol/event.ts'
import { nothingBut } from '../protocol/features.ts'
import type { ChatRequest, Message } from '../protocol/request.ts'
import { defineProvider } from './provider.ts'

/** Answers with the last user message, one word per delta: everything can be tried without an account. */
export const demo = defineProvider({
  type: 'demo',
  onByDefault: true,
  settings: z.strictObject({
    /** Pause before each word, in milliseconds. */
    token_delay_ms: z.number().int().min(0).max(60_000).default(20),
  }),
  create: (id, settings) => ({
    id,
    baseUrl: '',
    authorize: (request) => request,
    support: nothingBut({
      max_tokens: 'native',
      choices: 'native',
      tool_choice_none: 'native',
      later_system: 'native',
      developer: 'native',
      refusal_history: 'native',
    }),
    generate: (request, _model, signal) => echo(request, settings.token_delay_ms, signal),
    models: [
      {
        name: 'echo',
        inputModalities: ['text'],
        features: ['streaming'],
        supportedParameters: ['max_tokens', 'n'],
        price: {
          currency: 'USD',
          perMillion: { inputTokens: '0', outputTokens: '0' },
          source: 'free of charge',
        },
      },
    ],
    openModels: false,
  }),
})

async function* echo(
  request: ChatRequest,
  delayMs: number,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const words = splitWords(lastUserText(request.messages))
  const spoken = words.slice(0, request.maxTokens ?? words.length)
  const choices = request.choices ?? 1
  yield { type: 'response-start', model: 'echo' }
  for (const text of spoken) {
    if (delayMs > 0) await delay(delayMs, undefined, { signal })
    signal.throwIfAborted()
    for (let choice = 0; choice < choices; choice += 1) yield { type: 'text-delta', choice, text }
  }
  const cut = spoken.length < words.length
  const reason = cut ? 'length' : 'stop'
  for (let choice = 0; choice < choices; choice += 1) {
    yield { type: 'finish', choice, reason: { unified: reason, raw: reason } }
  }
  const inputTokens = request.messages.flatMap((message) => splitWords(textOf(message))).length
  const usage = { inputTokens, outputTokens: spoken.length * choices, estimated: false }
  yield { type: 'usage', usage }
}

/** Words with the white space before them; white space at the very end belongs to the last word. */
function splitWords(text: string): string[] {
  return text.match(/\s*\S+(?:\s+$)?/g) ?? (text === '' ? [] : [text])
}

function lastUserText(messages: readonly Message[]): string {
  const last = messages.findLast((message) => message.role === 'user')
  return last ? textOf(last) : ''
}

function textOf(message: Message): string {
  return message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
