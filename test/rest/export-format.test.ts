import { describe, expect, test } from 'vitest'
import { exportText, formatFor, type ExportFormat } from '../../src/rest/export-format.ts'

interface Row {
  name: string
  count: number | null
}

const columns = { name: ({ name }: Row) => name, count: ({ count }: Row) => count }

async function written(format: ExportFormat, pages: Row[][]): Promise<string[]> {
  const rows = (async function* () {
    yield* pages
  })()
  return Array.fromAsync(exportText(rows, { format, columns }))
}

const pages = [
  [
    { name: 'a', count: 1 },
    { name: '=b', count: null },
  ],
  [{ name: 'c,d', count: 0 }],
]

describe('the text of an export', () => {
  test('is a piece for each page, and an end', async () => {
    expect(await written('csv', pages)).toEqual([
      "name,count\r\na,1\r\n'=b,\r\n",
      '"c,d",0\r\n',
      '',
    ])
    expect(await written('ndjson', pages)).toEqual([
      '{"name":"a","count":1}\n{"name":"=b","count":null}\n',
      '{"name":"c,d","count":0}\n',
      '',
    ])
    const json = await written('json', pages)
    expect(json).toHaveLength(3)
    expect(JSON.parse(json.join(''))).toEqual(pages.flat())
  })

  test('without rows is a head alone, an empty list, nothing', async () => {
    expect((await written('csv', [])).join('')).toBe('name,count\r\n')
    expect(JSON.parse((await written('json', [])).join(''))).toEqual([])
    expect((await written('ndjson', [])).join('')).toBe('')
  })
})

describe('the format', () => {
  test.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['text/csv', 'csv'],
    ['Text/CSV; q=0.9', 'csv'],
    ['text/*', 'csv'],
    ['application/x-ndjson', 'ndjson'],
    ['text/html, text/csv, application/json', 'csv'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'json'],
  ])('for %s is %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format)
  })

  test.each(['text/html', 'application/xml', 'image/*'])('%s is refused', (accept) => {
    expect(() => formatFor(accept)).toThrow(/application\/json, application\/x-ndjson or text\/csv/)
  })
})
