import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ndjsonLines } from '../../src/lib/ndjson.ts'

const limits = { bufferCharsMax: 1000, onOversized: () => new Error('oversized') }

async function read(chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  }
  return Array.fromAsync(ndjsonLines(body(), limits))
}

describe('lines of JSON', () => {
  test.each([
    ['LF', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['CRLF', '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}\r', '{"b":2}\r']],
    ['blank lines', '\n{"a":1}\n \n\r\n{"b":2}\n\n', ['{"a":1}', '{"b":2}']],
    ['a last line without its end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['a last line that was cut', '{"a":1}\n{"b":', ['{"a":1}']],
    ['a whole line that is no JSON, which its reader must judge', '<html>\n', ['<html>']],
    ['nothing', '', []],
  ])('%s', async (_name, text, expected) => {
    expect(await read([text])).toEqual(expected)
  })

  test('are the same however the bytes are split, also inside a character', async () => {
    const lines = ['{"text":"Привет 🌍"}', '{"text":"日本"}', '[]']
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        expect(await read(chunks)).toEqual(lines)
      }),
    )
  })

  test('without an end are an error, not endless memory', async () => {
    const endless = Array.from({ length: 50 }, () => 'x'.repeat(100))
    await expect(read(endless)).rejects.toThrow('oversized')
    expect(
      await read(['{}\n', ...Array.from({ length: 50 }, () => `"${'x'.repeat(90)}"\n`)]),
    ).toHaveLength(51)
  })
})
