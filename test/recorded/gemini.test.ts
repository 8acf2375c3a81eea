import { describe, expect, it } from 'vitest'
import { decodeGeminiError } from '../../src/dialects/gemini/decode-error.ts'
import { decodeGeminiBody, decodeGeminiEvents } from '../../src/dialects/gemini/decode-events.ts'
import { geminiEmbeddingApi } from '../../src/dialects/gemini/embedding-api.ts'
import { decodeChatBody, decodeChatEvents } from '../../src/dialects/openai-chat/decode-events.ts'
import { createChunkEncoder } from '../../src/dialects/openai-chat/encode-events.ts'
import { encodeChatResponse } from '../../src/dialects/openai-chat/encode-response.ts'
import { GatewayError } from '../../src/errors.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import type { ChatResponse } from '../../src/protocol/response.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import { decodeModels } from '../../src/providers/gemini-discovery.ts'
import { requireServices, streamOf } from '../support/recorded.ts'
import {
  type GeminiRecording,
  hasGeminiRecordings,
  readGeminiRecordings,
} from '../support/recorded-gemini.ts'
import { readGemini, type WireChoice } from '../support/recorded-gemini-wire.ts'

const completions = new Set(['generateContent', 'streamGenerateContent'])
const list = 'GET models'
const vectors = 'batchEmbedContents'

/** Endpoints of other capabilities, by name; one that is neither here nor decoded fails the test. */
const otherEndpoints = new Map([
  ['source note', 'says where the recordings come from'],
  ['interactions', 'another API of the service'],
  ['predict', 'an embedding of Vertex AI'],
  ['embedContent', 'an embedding of one text: several are asked for in its place'],
  ['countTokens', 'counts without an answer'],
  ['batchGenerateContent', 'batches'],
  ['GET files', 'uploads'],
  ['DELETE files', 'uploads'],
  ['POST cachedContents', 'caches that are made by hand'],
  ['DELETE cachedContents', 'caches that are made by hand'],
  ['POST openai', 'the OpenAI-compatible API of the service'],
])

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasGeminiRecordings).toBe(true)
})

describe.skipIf(!hasGeminiRecordings)('recorded Gemini', () => {
  const recordings = hasGeminiRecordings ? readGeminiRecordings() : []
  const chats = recordings.filter(({ endpoint }) => completions.has(endpoint))
  const blocked = chats.filter(({ answer }) => /"blockReason"/.test(textOf(answer)))
  const failed = chats.filter(({ status }) => status !== 200)
  const answered = chats.filter((one) => !blocked.includes(one) && !failed.includes(one))
  const lists = recordings.filter(({ endpoint }) => endpoint === list)

  it('decodes or excludes every interaction, by the name of its endpoint', () => {
    const endpoints = [...new Set(recordings.map(({ endpoint }) => endpoint))]
    const isDecoded = (endpoint: string): boolean =>
      completions.has(endpoint) || endpoint === list || endpoint === vectors
    console.table(
      endpoints.map((endpoint) => ({
        endpoint,
        interactions: recordings.filter((one) => one.endpoint === endpoint).length,
        fate: isDecoded(endpoint) ? 'decoded' : otherEndpoints.get(endpoint),
      })),
    )
    expect(endpoints.filter((one) => !isDecoded(one) && !otherEndpoints.has(one))).toEqual([])
    expect([answered.length, blocked.length, failed.length, lists.length]).toEqual([110, 1, 2, 2])
  })

  it.each(answered)('$name: nothing of the answer is lost', async ({ answer }) => {
    const wire = readGemini(partsOf(answer))
    const response = await collect(await eventsOf(answer))
    expect([response.upstreamId, response.upstreamModel]).toEqual([wire.id, wire.model])
    expect(response.choices.map(plain)).toEqual(wire.choices)
    expect(response.usage?.raw?.body).toEqual(wire.usage)
    expectArithmetic(response, wire.usage)
    const ids = response.choices.flatMap(({ toolCalls }) => toolCalls.map(({ id }) => id))
    expect([new Set(ids).size, ids.includes('')]).toEqual([ids.length, false])
  })

  it.each(answered)('$name: what is cited is what was said', async ({ answer }) => {
    const { choices } = await collect(await eventsOf(answer))
    for (const { annotations, content } of choices) {
      for (const { raw, startIndex, endIndex } of annotations) {
        const { groundingSupport } = Object(raw)
        const words: unknown = groundingSupport?.segment?.text
        if (words === undefined || startIndex === undefined) continue
        expect(content?.slice(startIndex, endIndex)).toBe(words)
      }
    }
  })

  it.each(answered)('$name: OpenAI’s wire holds it', async ({ answer }) => {
    const events = await eventsOf(answer)
    const response = await collect(events)
    const context = { id: 'chatcmpl-1', created: 1, model: 'gemini/any' }
    const body: unknown = JSON.parse(JSON.stringify(encodeChatResponse(response, context)))
    expect(held(await collect(decodeChatBody(body)))).toEqual(held(response))
    const encode = createChunkEncoder({ ...context, includeUsage: true })
    const end: ChatEvent = {
      type: 'end',
      settlement: { requestId: 'r', status: 'succeeded', attempts: [] },
    }
    const chunks = [...events, end].flatMap(encode).map((chunk) => JSON.stringify(chunk))
    const again = await collect(decodeChatEvents(streamOf([...chunks, '[DONE]'])))
    expect(held(again)).toEqual(held(response))
  })

  it.each(blocked)('$name: a prompt that was not let through is a failure', async ({ answer }) => {
    await expect(eventsOf(answer)).rejects.toMatchObject({
      code: 'CONTENT_FILTERED',
      message: expect.stringContaining('MODEL_ARMOR'),
    })
  })

  it.each(failed)('$name is a failure with the right code', ({ status, answer }) => {
    const error = decodeGeminiError({ status, body: JSON.parse(textOf(answer)), headers: {} })
    const expected =
      status === 429
        ? { code: 'PROVIDER_RATE_LIMITED', failover: true, retryAfterMs: 34_400 }
        : { code: 'INVALID_REQUEST', failover: false, retryAfterMs: undefined }
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject(expected)
  })

  it('vectors are read, and their request is made again', () => {
    const made = recordings.filter(({ endpoint }) => endpoint === vectors)
    expect(made).toHaveLength(1)
    for (const { answer, request, model } of made) {
      const wire: { embeddings: { values: number[] }[] } = JSON.parse(textOf(answer))
      const batch = geminiEmbeddingApi.decodeBody(wire, wire.embeddings.length)
      expect(batch.vectors).toEqual(wire.embeddings.map(({ values }) => values))
      const inputs = ['Hello, world!']
      expect(request).toMatchObject(
        Object(geminiEmbeddingApi.encodeRequest({ model: 'm', inputs }, model)),
      )
    }
  })

  it('every model that makes content is read, with its limits, over all pages', () => {
    const pages = lists.map(({ answer }) =>
      decodeModels({ status: 200, body: JSON.parse(textOf(answer)) }),
    )
    const found = pages.flatMap(({ models }) => models)
    const made = lists.flatMap(({ answer }) => {
      const { models }: { models: WireModel[] } = JSON.parse(textOf(answer))
      return models.filter((one) => one.supportedGenerationMethods.includes('generateContent'))
    })
    expect(found.map(({ name, contextLength }) => [`models/${name}`, contextLength])).toEqual(
      made.map(({ name, inputTokenLimit }) => [name, inputTokenLimit]),
    )
    expect(pages.map(({ nextPageToken }) => nextPageToken !== undefined)).toEqual([true, false])
    expect(found.find(({ name }) => name === 'gemini-2.5-pro')).toEqual({
      name: 'gemini-2.5-pro',
      contextLength: 1_048_576,
      maxOutputTokens: 65_536,
      features: ['streaming', 'reasoning'],
    })
  })
})

interface WireModel {
  name: string
  inputTokenLimit: number
  supportedGenerationMethods: string[]
}

type Answer = GeminiRecording['answer']

function textOf(answer: Answer): string {
  return answer.kind === 'body' ? answer.text : answer.frames.join('\n')
}

function partsOf(answer: Answer): string[] {
  return answer.kind === 'body' ? [answer.text] : answer.frames
}

async function eventsOf(answer: Answer): Promise<ChatEvent[]> {
  return answer.kind === 'body'
    ? decodeGeminiBody(JSON.parse(answer.text))
    : Array.fromAsync(decodeGeminiEvents(streamOf(answer.frames)))
}

/** A choice in the words of the test's own reading of the wire. */
function plain(choice: ChatResponse['choices'][number]): WireChoice {
  return {
    text: choice.content ?? '',
    thoughts: choice.reasoning ?? '',
    calls: choice.toolCalls.map((call) => ({
      name: call.name,
      args: JSON.parse(call.arguments),
      signature: call.signature?.value,
    })),
    signedWords: choice.parts.flatMap((part) =>
      (part.type === 'text' || part.type === 'reasoning') && part.signature
        ? [{ text: part.text, signature: part.signature.value }]
        : [],
    ),
    natives: choice.parts.flatMap((part) => (part.type === 'native' ? [part.part] : [])),
    tokens: choice.logprobs?.content?.map(({ token, topLogprobs }) => ({
      token,
      alternatives: topLogprobs.length,
    })),
    finish: choice.finishReason.raw,
    beside: choice.extra?.choice ?? {},
  }
}

function expectArithmetic({ usage }: ChatResponse, wire: Record<string, number>): void {
  if (wire['promptTokenCount'] === undefined) return
  if (!usage) throw new Error('the usage was lost')
  const { promptTokenCount: prompt, toolUsePromptTokenCount: tools = 0 } = wire
  const { candidatesTokenCount: candidates = 0, thoughtsTokenCount: thoughts = 0 } = wire
  expect(promptTokens(usage)).toBe(prompt + tools)
  expect(completionTokens(usage)).toBe(candidates + thoughts)
  expect(usage.totalTokens).toBe(wire['totalTokenCount'])
  expect(prompt + tools + candidates + thoughts).toBe(wire['totalTokenCount'])
  expect(usage.cachedInputTokens).toBe(wire['cachedContentTokenCount'])
}

/** What a door must hold whatever its dialect. */
function held({ choices, usage }: ChatResponse): unknown {
  return {
    choices: choices.map(({ content, reasoning, toolCalls, finishReason, logprobs }) => ({
      content,
      reasoning,
      calls: toolCalls.map(({ id, name, arguments: given }) => ({ id, name, given })),
      finish: finishReason.unified,
      logprobs,
    })),
    prompt: usage && promptTokens(usage),
    completion: usage && completionTokens(usage),
    total: usage?.totalTokens,
  }
}
