import { describe, expect, it } from 'vitest'
import { decodeChatRequest } from '../../src/dialects/openai-chat/decode-request.ts'
import { decodeYandexBody, decodeYandexEvents } from '../../src/dialects/yandex/decode-events.ts'
import { encodeYandexRequest } from '../../src/dialects/yandex/encode-request.ts'
import { decodeModels } from '../../src/providers/yandex-discovery.ts'
import { yandexOpenaiApi } from '../../src/providers/yandex-openai.ts'
import { collect } from '../../src/protocol/collect.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import type { ChatResponse } from '../../src/protocol/response.ts'
import { completionTokens, promptTokens } from '../../src/protocol/usage.ts'
import { requireServices, streamOf } from '../support/recorded.ts'
import { normalRequest, readAnswer, readStream } from '../support/recorded-chat.ts'
import { asOpenai, hasYandexRecordings, readYandexRecordings } from '../support/recorded-yandex.ts'

const native = 'completion'
const compatible = 'POST /v1/chat/completions'
const models = 'GET /v1/models'

/** Endpoints of other capabilities; one that is neither here nor decoded fails the test. */
const otherEndpoints = new Set([
  'POST /v1/embeddings',
  'CompletionRequest -> Operation',
  'GetOperationRequest -> Operation',
  'CompletionRequest -> TokenizeResponse',
  'TextEmbeddingRequest -> TextEmbeddingResponse',
])

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasYandexRecordings).toBe(true)
})

describe.skipIf(!hasYandexRecordings)('recorded Yandex', () => {
  const recordings = hasYandexRecordings ? readYandexRecordings() : []
  const of = (endpoint: string) => recordings.filter((one) => one.endpoint === endpoint)

  it('decodes or excludes every interaction, by the name of its endpoint', () => {
    const endpoints = [...new Set(recordings.map(({ endpoint }) => endpoint))]
    const decoded = new Set([native, compatible, models])
    console.table(
      endpoints.map((endpoint) => ({
        endpoint,
        interactions: of(endpoint).length,
        fate: decoded.has(endpoint) ? 'decoded' : 'excluded',
      })),
    )
    const known = (endpoint: string) => decoded.has(endpoint) || otherEndpoints.has(endpoint)
    expect(endpoints.filter((endpoint) => !known(endpoint))).toEqual([])
    expect([of(native).length, of(compatible).length, of(models).length]).toEqual([16, 21, 2])
  })

  it.each(of(native))('$name: nothing of the lines is lost', async ({ answer }) => {
    const lines = answer.kind === 'lines' ? answer.parts : []
    const last = nativeMessage(lines.at(-1))
    const events = await Array.fromAsync(decodeYandexEvents(streamOf(lines)))
    expectSame(await collect(events), last)
    expectSame(await collect(decodeYandexBody({ result: last })), last)
    expect(reports(events)).toBe(lines.length)
  })

  it.each(of(native))('$name: the request can be made again', ({ request }) => {
    const { modelUri, body } = asOpenai(request)
    const { completionOptions: options, ...encoded } = encodeYandexRequest(
      decodeChatRequest(body).request,
      modelUri,
    )
    const { completionOptions: recorded, ...members } = Object(request)
    expect(encoded).toEqual(members)
    expect(options).toEqual({ stream: false, ...recorded })
  })

  it.each(of(compatible))('$name: nothing of the answer is lost', async ({ answer }) => {
    const chat = yandexOpenaiApi({ modelUri: (model) => model })
    const [events, wire] =
      answer.kind === 'body'
        ? [chat.decodeBody(answer.body), readAnswer(JSON.parse(answer.text))]
        : [
            await Array.fromAsync(chat.decodeEvents(streamOf(answer.parts))),
            readStream(answer.parts),
          ]
    const response = await collect(events)
    expect(
      response.choices.map((choice) => ({
        text: choice.content ?? '',
        calls: choice.toolCalls.map(({ name, arguments: given }) => ({ name, arguments: given })),
        finish: choice.finishReason.raw,
      })),
    ).toEqual(wire.choices.map(({ text, calls, finish }) => ({ text, calls, finish })))
    expect(response.extra?.members ?? {}).toEqual(wire.others)
    expect(response.usage?.raw?.body).toEqual(wire.usage)
    const ids = response.choices.flatMap(({ toolCalls }) => toolCalls.map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it.each(of(compatible))(
    '$name: the request is as the SDK of the service made it',
    ({ request }) => {
      const { request: asked } = decodeChatRequest(request)
      const chat = yandexOpenaiApi({ modelUri: (model) => model })
      const encoded = chat.encodeRequest(asked, asked.model)
      expect(withoutNulls(normalRequest(encoded))).toEqual(withoutNulls(normalRequest(request)))
    },
  )

  it.each(of(models))(
    '$name: every model of texts and vectors in the list has its name',
    ({ answer }) => {
      const body: unknown = JSON.parse(answer.kind === 'body' ? answer.text : '')
      const uris = [...JSON.stringify(body).matchAll(/"((gpt|emb):\/\/[^"]+)"/g)].map(
        ([, uri]) => uri,
      )
      const found = decodeModels({ status: 200, body }, 'b1g00000000000000000')
      const named = found.map(({ name, features }) => {
        const scheme = features?.includes('embeddings') ? 'emb' : 'gpt'
        return `${scheme}://b1g00000000000000000/${name.replace(':', '/')}`
      })
      expect(named).toEqual(uris)
      expect(found.map(({ name }) => name)).toContain('yandexgpt:rc')
    },
  )
})

interface NativeMessage {
  alternatives: {
    message: {
      text?: string
      toolCallList?: { toolCalls: { functionCall: { name: string; arguments: object } }[] }
    }
    status: string
  }[]
  usage: Record<'inputTextTokens' | 'completionTokens' | 'totalTokens', string>
  modelVersion: string
}

function nativeMessage(line = '{}'): NativeMessage {
  const { result }: { result: NativeMessage } = JSON.parse(line)
  return result
}

function expectSame(response: ChatResponse, wire: NativeMessage): void {
  expect(response.upstreamModel).toBe(wire.modelVersion)
  expect(
    response.choices.map(({ content, toolCalls, finishReason }) => ({
      text: content,
      calls: toolCalls.map((call) => [call.name, JSON.parse(call.arguments)]),
      status: finishReason.raw,
    })),
  ).toEqual(
    wire.alternatives.map(({ message, status }) => ({
      text: message.text ?? null,
      calls: (message.toolCallList?.toolCalls ?? []).map(({ functionCall }) => [
        functionCall.name,
        functionCall.arguments,
      ]),
      status,
    })),
  )
  const { usage } = response
  if (!usage) throw new Error('the usage was lost')
  expect([promptTokens(usage), completionTokens(usage), usage.totalTokens].map(String)).toEqual([
    wire.usage.inputTextTokens,
    wire.usage.completionTokens,
    wire.usage.totalTokens,
  ])
  expect(usage.raw?.body).toEqual(wire.usage)
}

function reports(events: readonly ChatEvent[]): number {
  return events.filter(({ type }) => type === 'usage').length
}

/** What is null was not said. */
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, each) => (each === null ? undefined : each))
}
