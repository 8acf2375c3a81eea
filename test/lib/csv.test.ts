import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvLines } from '../../src/lib/csv.ts'

describe('lines of CSV', () => {
  test.each<[unknown, string]>([
    ['plain', 'plain'],
    ['', ''],
    [null, ''],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\r\nlines', '"two\r\nlines"'],
    [12.5, '12.5'],
    [-3, '-3'],
    [true, 'true'],
    [false, 'false'],
    [new Date('2026-11-20T01:02:03.004Z'), '2026-11-20T01:02:03.004Z'],
    [{ team: 'search', run: 7 }, '"{""team"":""search"",""run"":7}"'],
    ['0.000000001', '0.000000001'],
    ['-0.5', '-0.5'],
    ['-0.5 USD', '-0.5 USD'],
  ])('%j is %s', (cell, text) => {
    expect(csvLines([[cell as string]])).toBe(`${text}\r\n`)
  })

  test.each([
    '=1+1',
    '+1',
    '-1+cmd|calc',
    '-A1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1',
    '＋1',
    '－1',
    '＠a',
    '=HYPERLINK("https://evil.example","x")',
  ])('%j is no formula any more', (text) => {
    const [row] = parse(csvLines([[text]]))
    expect(row).toEqual([`'${text}`])
  })

  test('whatever is written is read again, but for the mark before formulas', () => {
    const cell = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
        const read = parse(csvLines(rows), { record_delimiter: '\r\n' })
        const marked = /^'(?=[=+\-@\t\r\n＝＋－＠])/
        expect(read.map((row) => row.map((text) => text.replace(marked, '')))).toEqual(
          rows.map((row) => row.map((text) => text.replace(marked, ''))),
        )
      }),
    )
  })
})
