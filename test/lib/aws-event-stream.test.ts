import { describe, expect, test } from 'vitest'
import { awsEventStream } from '../../src/lib/aws-event-stream.ts'
import { encodeMessage, eventMessage, exceptionMessage } from '../support/bedrock-frames.ts'
import { hasBedrockRecordings, readEventVectors } from '../support/recorded-bedrock.ts'

class Oversized extends Error {}
class Broken extends Error {}

async function* pieces(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk
}

function lines(body: AsyncIterable<Uint8Array>, bufferCharsMax = 10_000): Promise<string[]> {
  return Array.fromAsync(
    awsEventStream(body, {
      bufferCharsMax,
      onOversized: () => new Oversized(),
      onBroken: (cause) => new Broken('broken', { cause }),
    }),
  )
}

const hello = eventMessage('contentBlockDelta', { delta: { text: 'Hé' } })
const bye = exceptionMessage('throttlingException', { message: 'Too many' })
const asLines = [
  '{"type":"contentBlockDelta","exception":false,"payload":{"delta":{"text":"Hé"}}}',
  '{"type":"throttlingException","exception":true,"payload":{"message":"Too many"}}',
]

describe('an AWS event stream', () => {
  test('is a line of JSON for each message', async () => {
    expect(await lines(pieces(hello, bye))).toEqual(asLines)
    expect(await lines(pieces())).toEqual([])
  })

  test('may be cut at every byte', async () => {
    const bytes = Buffer.concat([hello, bye])
    for (let at = 0; at <= bytes.length; at += 1) {
      const cut = pieces(bytes.subarray(0, at), bytes.subarray(at))
      expect(await lines(cut)).toEqual(asLines)
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
    expect(await lines(pieces(...single))).toEqual(asLines)
  })

  test('a message that the end cuts is none', async () => {
    for (let at = 0; at < bye.length; at += 1) {
      expect(await lines(pieces(hello, bye.subarray(0, at)))).toEqual(asLines.slice(0, 1))
    }
  })

  test('a byte that was changed is noticed, wherever it is', async () => {
    // The first four are the length: with another one the message has another end.
    for (let at = 4; at < hello.length; at += 1) {
      const damaged = Buffer.from(hello)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      await expect(lines(pieces(damaged))).rejects.toThrow(Broken)
    }
  })

  test.each([0, 1, 15])('a length of %i is that of no message', async (length) => {
    const bytes = Buffer.alloc(16)
    bytes.writeUInt32BE(length)
    await expect(lines(pieces(bytes))).rejects.toThrow(Broken)
  })

  test('an endless message is refused before it is read', async () => {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32BE(0xff_ff_ff_ff)
    await expect(lines(pieces(bytes))).rejects.toThrow(Oversized)
    await expect(lines(pieces(hello), hello.length - 1)).rejects.toThrow(Oversized)
    expect(await lines(pieces(hello), hello.length)).toEqual(asLines.slice(0, 1))
  })

  test('an empty payload is an empty object, and headers may be missing', async () => {
    const message = encodeMessage({ headers: {}, payload: '' })
    expect(await lines(pieces(message))).toEqual([
      '{"type":"unknown","exception":false,"payload":{}}',
    ])
  })
})

describe.skipIf(!hasBedrockRecordings)('the vectors', () => {
  const vectors = hasBedrockRecordings ? readEventVectors() : []

  test.each(vectors)('$name', async ({ headers, payload, frame_hex: hex }) => {
    const frame = Buffer.from(hex, 'hex')
    const [line = ''] = await lines(pieces(frame))
    const type = headers[':event-type'] ?? headers[':exception-type'] ?? headers[':error-code']
    const isError = headers[':message-type'] === 'error'
    expect(JSON.parse(line)).toEqual({
      type,
      exception: headers[':message-type'] !== 'event',
      payload: isError ? { message: headers[':error-message'] } : JSON.parse(payload),
    })
    expect(encodeMessage({ headers, payload })).toEqual(frame)
  })

  test('there are enough of them', () => {
    expect(vectors.length).toBe(14)
  })
})
