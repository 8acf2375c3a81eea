import {
  decodeMessageBody,
  decodeMessageEvents,
} from '../../../src/dialects/anthropic-messages/decode-events.ts'
import { decodeGeminiBody, decodeGeminiEvents } from '../../../src/dialects/gemini/decode-events.ts'
import {
  decodeGigachatBody,
  decodeGigachatEvents,
} from '../../../src/dialects/gigachat/decode-events.ts'
import { openaiChatApi } from '../../../src/dialects/openai-chat/chat-api.ts'
import {
  decodeResponseBody,
  decodeResponseEvents,
} from '../../../src/dialects/openai-responses/decode-events.ts'
import { decodeYandexBody, decodeYandexEvents } from '../../../src/dialects/yandex/decode-events.ts'
import type { ChatApi } from '../../../src/protocol/chat-api.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { yandexOpenaiApi } from '../../../src/providers/yandex-openai.ts'
import { framesOf, hasRecordings, readRecordings, streamOf } from '../recorded.ts'
import { readGeminiRecordings } from '../recorded-gemini.ts'
import { readGigachatRecordings } from '../recorded-gigachat.ts'
import { splitMessages } from '../recorded-messages.ts'
import { excludedResponse } from '../recorded-responses.ts'
import { readYandexRecordings } from '../recorded-yandex.ts'

/** A recorded answer: a body, or the frames of a stream. */
export interface Answer {
  name: string
  status: number
  isStream: boolean
  parts: string[]
}

interface Upstream {
  dialect: string
  provider: string
  decode: Pick<ChatApi, 'decodeBody' | 'decodeEvents'>
  answers: () => Answer[]
}

const messages = { decodeBody: bodyOf(decodeMessageBody), decodeEvents: decodeMessageEvents }
const responses = { decodeBody: decodeResponseBody, decodeEvents: decodeResponseEvents }
const gemini = { decodeBody: decodeGeminiBody, decodeEvents: decodeGeminiEvents }
const gigachat = { decodeBody: decodeGigachatBody, decodeEvents: decodeGigachatEvents }
const yandex = { decodeBody: decodeYandexBody, decodeEvents: decodeYandexEvents }
const yandexOpenai = yandexOpenaiApi({ modelUri: (model) => model })

/** Every dialect in which a provider answers, with where its recorded answers are. */
const upstreams: readonly Upstream[] = [
  ...['openai', 'openai-compatible', 'azure', 'xai'].map((provider) => ({
    dialect: 'openai-chat',
    provider,
    decode: openaiChatApi(),
    answers: () => of(provider, '/chat/completions'),
  })),
  ...['openai', 'openai-compatible', 'azure', 'xai', 'open-responses'].map((provider) => ({
    dialect: 'openai-responses',
    provider,
    decode: responses,
    answers: () => of(provider, '/responses'),
  })),
  {
    dialect: 'anthropic-messages',
    provider: 'anthropic',
    decode: messages,
    answers: () => of('anthropic', '/messages').flatMap(splitTurns),
  },
  { dialect: 'gemini', provider: 'gemini', decode: gemini, answers: geminiAnswers },
  { dialect: 'gigachat', provider: 'gigachat', decode: gigachat, answers: gigachatAnswers },
  { dialect: 'yandex', provider: 'yandex', decode: yandex, answers: yandexLines },
  { dialect: 'openai-chat', provider: 'yandex', decode: yandexOpenai, answers: yandexChats },
]

/** What was answered, and how it is decoded; failures and what is no answer are left to their own suites. */
export function recordedAnswers() {
  if (!hasRecordings) return []
  return upstreams.flatMap(({ dialect, provider, decode, answers }) =>
    answers()
      .filter((answer) => !isFailure(answer) && !isSpliced(answer))
      .map((answer) => ({
        dialect,
        provider,
        name: answer.name,
        isStream: answer.isStream,
        events: () => eventsOf(decode, answer),
      })),
  )
}

async function eventsOf(decode: Upstream['decode'], answer: Answer): Promise<ChatEvent[]> {
  const { isStream, parts } = answer
  return isStream
    ? Array.fromAsync(decode.decodeEvents(streamOf(parts)))
    : decode.decodeBody(JSON.parse(parts.join('')))
}

/** A status says it, or a member of the body or of a frame. */
function isFailure({ status, parts }: Answer): boolean {
  return status >= 400 || parts.some((part) => part !== '[DONE]' && saysFailure(JSON.parse(part)))
}

function saysFailure(part: {
  error?: unknown
  type?: string
  promptFeedback?: { blockReason?: string }
}): boolean {
  return part.error != null || part.type === 'error' || Boolean(part.promptFeedback?.blockReason)
}

/** A proxy put two answers into one stream, which is a failure. */
function isSpliced({ name }: Answer): boolean {
  return name.includes('spliced-message-start')
}

function of(provider: string, endpoint: string): Answer[] {
  return readRecordings(provider)
    .recordings.filter((one) => one.endpoint === endpoint && excludedResponse(one) === undefined)
    .map(({ name, status, answer }) => ({
      name,
      status,
      isStream: answer.kind === 'stream',
      parts: answer.kind === 'stream' ? answer.frames : [answer.text],
    }))
}

/** A recorded stream may hold several turns. */
function splitTurns(answer: Answer): Answer[] {
  if (!answer.isStream) return [answer]
  return splitMessages(answer.parts).map((parts) => ({ ...answer, parts }))
}

function geminiAnswers(): Answer[] {
  return readGeminiRecordings()
    .filter(({ endpoint }) => /^(stream)?generateContent$/i.test(endpoint))
    .map(({ name, status, answer }) => ({
      name,
      status,
      isStream: answer.kind === 'stream',
      parts: answer.kind === 'stream' ? answer.frames : [answer.text],
    }))
}

function gigachatAnswers(): Answer[] {
  return readGigachatRecordings()
    .filter(({ endpoint }) => endpoint === 'v1/chat/completions')
    .map(({ name, status, text }) => {
      const isStream = text.trimStart().startsWith('data:')
      return { name, status, isStream, parts: isStream ? framesOf(text) : [text] }
    })
}

/** Each stream of lines, and its last line as a whole answer. */
function yandexLines(): Answer[] {
  return readYandexRecordings().flatMap(({ name, endpoint, answer }) => {
    if (endpoint !== 'completion' || answer.kind !== 'lines') return []
    const { parts } = answer
    const streamed = { name, status: 200, isStream: true, parts }
    return [streamed, { ...streamed, isStream: false, parts: parts.slice(-1) }]
  })
}

function yandexChats(): Answer[] {
  return readYandexRecordings().flatMap(({ name, endpoint, answer }) => {
    if (endpoint !== 'POST /v1/chat/completions') return []
    const isStream = answer.kind !== 'body'
    return [{ name, status: 200, isStream, parts: isStream ? answer.parts : [answer.text] }]
  })
}

function bodyOf(decode: typeof decodeMessageBody): ChatApi['decodeBody'] {
  return (body) => decode(Object(body))
}
