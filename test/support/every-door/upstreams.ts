import {
  decodeMessageBody,
  decodeMessageEvents,
} from '../../../src/dialects/anthropic-messages/decode-events.ts'
import { decodeConverseBody } from '../../../src/dialects/bedrock-converse/decode-body.ts'
import { decodeConverseEvents } from '../../../src/dialects/bedrock-converse/decode-events.ts'
import { decodeGeminiBody, decodeGeminiEvents } from '../../../src/dialects/gemini/decode-events.ts'
import {
  decodeGigachatBody,
  decodeGigachatEvents,
} from '../../../src/dialects/gigachat/decode-events.ts'
import {
  decodeGigachatV2Body,
  decodeGigachatV2Events,
} from '../../../src/dialects/gigachat/v2-decode-events.ts'
import { decodeOllamaBody, decodeOllamaEvents } from '../../../src/dialects/ollama/decode-events.ts'
import { openaiChatApi } from '../../../src/dialects/openai-chat/chat-api.ts'
import {
  decodeResponseBody,
  decodeResponseEvents,
} from '../../../src/dialects/openai-responses/decode-events.ts'
import { decodeYandexBody, decodeYandexEvents } from '../../../src/dialects/yandex/decode-events.ts'
import { awsEventStream } from '../../../src/lib/aws-event-stream.ts'
import type { ChatApi } from '../../../src/protocol/chat-api.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { yandexOpenaiApi } from '../../../src/providers/yandex-openai.ts'
import { framesOf, hasRecordings, readRecordings, streamOf } from '../recorded.ts'
import { readBedrockRecordings } from '../recorded-bedrock.ts'
import { readGeminiRecordings } from '../recorded-gemini.ts'
import { readGigachatRecordings } from '../recorded-gigachat.ts'
import { isStream as isV2Stream, readCassettes } from '../recorded-gigachat-v2.ts'
import { splitMessages } from '../recorded-messages.ts'
import { readOllamaRecordings } from '../recorded-ollama.ts'
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
  answers: () => Answer[] | Promise<Answer[]>
}

const messages = { decodeBody: bodyOf(decodeMessageBody), decodeEvents: decodeMessageEvents }
const responses = { decodeBody: decodeResponseBody, decodeEvents: decodeResponseEvents }
const gemini = { decodeBody: decodeGeminiBody, decodeEvents: decodeGeminiEvents }
const gigachat = { decodeBody: decodeGigachatBody, decodeEvents: decodeGigachatEvents }
const gigachatV2 = { decodeBody: decodeGigachatV2Body, decodeEvents: decodeGigachatV2Events }
const ollama = { decodeBody: decodeOllamaBody, decodeEvents: decodeOllamaEvents }
const bedrock = { decodeBody: decodeConverseBody, decodeEvents: decodeConverseEvents }
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
  { dialect: 'gigachat-v2', provider: 'gigachat', decode: gigachatV2, answers: gigachatV2Answers },
  { dialect: 'ollama', provider: 'ollama', decode: ollama, answers: ollamaAnswers },
  { dialect: 'bedrock-converse', provider: 'bedrock', decode: bedrock, answers: bedrockAnswers },
  { dialect: 'yandex', provider: 'yandex', decode: yandex, answers: yandexLines },
  { dialect: 'openai-chat', provider: 'yandex', decode: yandexOpenai, answers: yandexChats },
]

/** What was answered, and how it is decoded; failures and what is no answer are left to their own suites. */
export async function recordedAnswers() {
  if (!hasRecordings) return []
  const lists = upstreams.map(async ({ dialect, provider, decode, answers }) => {
    const good = (await answers()).filter((answer) => !isFailure(answer) && !isCut(answer))
    return good.map((answer) => ({
      dialect,
      provider,
      name: answer.name,
      isStream: answer.isStream,
      events: () => eventsOf(decode, answer),
    }))
  })
  return (await Promise.all(lists)).flat()
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

/** A proxy put two answers into one stream, or a recording ends before its answer: both are failures. */
function isCut({ name, isStream, parts }: Answer): boolean {
  const isConverse = isStream && name.includes('amazon-bedrock')
  const isWhole = parts.some((part) => part.includes('"metadata"'))
  return name.includes('spliced-message-start') || (isConverse && !isWhole)
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

function gigachatV2Answers(): Answer[] {
  return readCassettes().map(({ name, status, text }) => {
    const isStream = isV2Stream(text)
    return { name, status, isStream, parts: isStream ? framesOf(text) : [text] }
  })
}

function ollamaAnswers(): Answer[] {
  return readOllamaRecordings().flatMap(({ name, endpoint, request, status, lines }) => {
    if (endpoint !== '/api/chat' || lines.length === 0) return []
    const isStream = lines.length > 1 || request['stream'] === true
    return [{ name, status, isStream, parts: lines }]
  })
}

async function bedrockAnswers(): Promise<Answer[]> {
  const recordings = readBedrockRecordings().filter(({ endpoint }) =>
    endpoint.startsWith('converse'),
  )
  return Promise.all(
    recordings.map(async ({ name, status, answer }) => {
      if (answer.kind === 'body') return { name, status, isStream: false, parts: [answer.text] }
      const parts =
        answer.kind === 'events' ? answer.lines.map(typed) : await messagesIn(answer.bytes)
      return { name, status, isStream: true, parts }
    }),
  )
}

/** A bare event as it comes out of its framing. */
function typed(line: string): string {
  const [[type, payload] = []] = Object.entries(JSON.parse(line))
  return JSON.stringify({ type, payload })
}

function messagesIn(bytes: Buffer): Promise<string[]> {
  const fail = (): Error => new Error('no message')
  const limits = { bufferCharsMax: 1_000_000, onOversized: fail, onBroken: fail }
  return Array.fromAsync(awsEventStream(new Blob([new Uint8Array(bytes)]).stream(), limits))
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
