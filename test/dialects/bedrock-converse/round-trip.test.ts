import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeConverseBody } from '../../../src/dialects/bedrock-converse/decode-body.ts'
import { decodeConverseEvents } from '../../../src/dialects/bedrock-converse/decode-events.ts'
import { encodeConverseRequest } from '../../../src/dialects/bedrock-converse/encode-request.ts'
import { awsEventStream } from '../../../src/lib/aws-event-stream.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ContentPart } from '../../../src/protocol/request.ts'
import type { ChatResponse, ResponsePart } from '../../../src/protocol/response.ts'
import { eventMessage } from '../../support/bedrock-frames.ts'

const words = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() !== '')
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/)
const input = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()))

/** A block, and the deltas that say it in pieces. */
const block = fc.oneof(
  words.map((text) => ({ text })),
  fc
    .record({ text: words, signature: base64 })
    .map((reasoningText) => ({ reasoningContent: { reasoningText } })),
  base64.map((redactedContent) => ({ reasoningContent: { redactedContent } })),
  fc.record({ toolUseId: name, name, input }).map((toolUse) => ({ toolUse })),
  fc
    .record({ toolUseId: name, status: fc.constant('success') })
    .map((rest) => ({ toolResult: { ...rest, content: [{ json: { a: 1 } }] } })),
)
type Block = typeof block extends fc.Arbitrary<infer T> ? T : never

const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }

function bytesOf(blocks: readonly Block[]): Buffer {
  const messages = [eventMessage('messageStart', { role: 'assistant' })]
  for (const [contentBlockIndex, each] of blocks.entries()) {
    const says = (delta: object) =>
      messages.push(eventMessage('contentBlockDelta', { contentBlockIndex, delta }))
    const opens = (start: object) =>
      messages.push(eventMessage('contentBlockStart', { contentBlockIndex, start }))
    if ('text' in each) {
      for (const text of each.text) says({ text })
    } else if ('toolUse' in each) {
      const { input: value, ...start } = each.toolUse
      opens({ toolUse: start })
      for (const piece of JSON.stringify(value).match(/[^]{1,3}/gu) ?? [])
        says({ toolUse: { input: piece } })
    } else if ('toolResult' in each) {
      const { content, ...start } = each.toolResult
      opens({ toolResult: start })
      says({ toolResult: content })
    } else if ('redactedContent' in each.reasoningContent) {
      says(each)
    } else {
      const { text, signature } = each.reasoningContent.reasoningText
      for (const letter of text) says({ reasoningContent: { text: letter } })
      says({ reasoningContent: { signature } })
    }
    messages.push(eventMessage('contentBlockStop', { contentBlockIndex }))
  }
  messages.push(
    eventMessage('messageStop', { stopReason: 'end_turn' }),
    eventMessage('metadata', { usage }),
  )
  return Buffer.concat(messages)
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

function streamed(blocks: readonly Block[], size: number): Promise<ChatResponse> {
  const fail = (): Error => new Error('broken')
  const limits = { bufferCharsMax: 1e6, onOversized: fail, onBroken: fail }
  return collect(decodeConverseEvents(awsEventStream(cut(bytesOf(blocks), size), limits)))
}

function whole(content: readonly Block[]): Promise<ChatResponse> {
  return collect(
    decodeConverseBody({ output: { message: { content } }, stopReason: 'end_turn', usage }),
  )
}

function sentBack(part: ResponsePart): ContentPart {
  if (part.type === 'tool-call' || part.type === 'native') return part
  const { extra: _, ...rest } = part
  return rest
}

describe('an answer', () => {
  it('goes back as it came, whole or in pieces that are cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 300 }),
        async (blocks, size) => {
          for (const answer of [await whole(blocks), await streamed(blocks, size)]) {
            const [choice] = answer.choices
            const { messages } = encodeConverseRequest(
              {
                model: 'm',
                messages: [
                  { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
                  {
                    role: 'assistant',
                    parts: (choice?.parts ?? []).map(sentBack),
                    toolCalls: choice?.toolCalls.map(({ extra: _members, ...call }) => call),
                  },
                ],
                stream: false,
                tools: [{ kind: 'function', name: 'f' }],
              },
              'anthropic.claude-sonnet-4-6',
            )
            expect(messages).toMatchObject([{}, { role: 'assistant' }])
            expect(Object(messages)[1].content).toEqual(blocks)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
