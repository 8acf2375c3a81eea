import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sseData } from '../../src/lib/sse.ts'

const limits = { bufferCharsMax: 1000, onOversized: () => new Error('oversized') }

async function read(chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  }
  return Array.fromAsync(sseData(body(), limits))
}

describe('server-sent data', () => {
  test.each([
    ['LF', 'data: {"a":1}\n\ndata: [DONE]\n\n', ['{"a":1}', '[DONE]']],
    ['CRLF', 'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\n', ['{"a":1}', '{"b":2}']],
    ['comments and named events', ': WAIT\n\nevent: error\ndata: {"e":1}\n\n', ['{"e":1}']],
    ['no space after the colon', 'data:{"a":1}\n\n', ['{"a":1}']],
    ['a last event without its blank line', 'data: {"a":1}\n\ndata: [DONE]', ['{"a":1}', '[DONE]']],
    ['a last event that was cut', 'data: {"a":1}\n\ndata: {"b":', ['{"a":1}']],
    ['nothing', '', []],
    [
      'bare JSON after the last event',
      'data: {"a":1}\n\n{"error":{"code":503}}',
      ['{"a":1}', '{"error":{"code":503}}'],
    ],
    [
      'bare JSON in a line of its own',
      'data: {"a":1}\r\n\r\n{"error":{}}\r\n',
      ['{"a":1}', '{"error":{}}'],
    ],
    ['bare JSON that was cut', 'data: {"a":1}\n\n{"error":{"co', ['{"a":1}']],
    ['words in no event', 'data: {"a":1}\n\nupstream connect error: 503\n', ['{"a":1}']],
  ])('%s', async (_name, text, expected) => {
    expect(await read([text])).toEqual(expected)
  })

  test('bare JSON on several lines is one text', async () => {
    const pretty = JSON.stringify(
      [{ error: { code: 429, message: 'a: b', details: [{}] } }],
      null,
      2,
    )
    const body = `data: {"a":1}\r\n\r\n${pretty}\n`
    for (const chunks of [[body], body.split(''), [body.slice(0, 30), body.slice(30)]]) {
      const [data, ...others] = await read(chunks)
      expect(data).toBe('{"a":1}')
      expect(others.map((each) => JSON.parse(each))).toEqual([JSON.parse(pretty)])
    }
  })

  test('is the same however the bytes are split, also inside a character', async () => {
    const frames = ['{"text":"Привет 🌍"}', '{"text":"日本"}', '[DONE]']
    const bytes = Buffer.from(frames.map((frame) => `data: ${frame}\n\n`).join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        expect(await read(chunks)).toEqual(frames)
      }),
    )
  })

  test('an endless line is an error, not endless memory', async () => {
    await expect(
      read(['data: ', ...Array.from({ length: 50 }, () => 'x'.repeat(100))]),
    ).rejects.toThrow('oversized')
  })
})
