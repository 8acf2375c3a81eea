import { InvalidHttpRequest } from '../errors.ts'
import { csvLines, type Cell } from '../lib/csv.ts'

export const exportFormats = ['json', 'ndjson', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** The columns of an export in their order: each with its name, and how a row fills it. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => Cell>>

export const mediaTypes: Record<ExportFormat, string> = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

/** Which format a client takes, the first that it names; throws 406 where there is none. */
export function formatFor(accept: string | undefined): ExportFormat {
  const ranges = (accept ?? '*/*').split(',').map((range) => range.split(';', 1)[0]?.trim())
  for (const range of ranges) {
    const format = exportFormats.find((each) => takes(range?.toLowerCase(), each))
    if (format) return format
  }
  throw new InvalidHttpRequest(
    406,
    'An export is application/json, application/x-ndjson or text/csv; name it in `accept`, or as `format`.',
  )
}

function takes(range: string | undefined, format: ExportFormat): boolean {
  const type = mediaTypes[format].split(';', 1)[0] ?? ''
  return range === '*/*' || range === type || range === `${type.split('/', 1)[0]}/*`
}

/** The text of an export, a piece for each page; it always begins with a piece, also where there are no rows. */
export async function* exportText<Row>(
  pages: AsyncIterable<readonly Row[]>,
  { format, columns }: { format: ExportFormat; columns: Columns<Row> },
): AsyncGenerator<string> {
  const { head, piece, end } = writers[format](columns)
  let rows = 0
  for await (const page of pages) {
    yield (rows === 0 ? head : '') + piece(page, rows)
    rows += page.length
  }
  yield (rows === 0 ? head : '') + end
}

interface Writer<Row> {
  head: string
  /** `before` is how many rows came before. */
  piece: (page: readonly Row[], before: number) => string
  end: string
}

const writers = {
  json: <Row>(columns: Columns<Row>): Writer<Row> => ({
    head: '[',
    piece: (page, before) => {
      const objects = page.map((row) => `\n${objectText(columns, row)}`)
      return (before === 0 ? '' : ',') + objects.join(',')
    },
    end: '\n]\n',
  }),
  ndjson: <Row>(columns: Columns<Row>): Writer<Row> => ({
    head: '',
    piece: (page) => page.map((row) => `${objectText(columns, row)}\n`).join(''),
    end: '',
  }),
  csv: <Row>(columns: Columns<Row>): Writer<Row> => {
    const cells = Object.values(columns)
    return {
      head: csvLines([Object.keys(columns)]),
      piece: (page) => csvLines(page.map((row) => cells.map((cell) => cell(row)))),
      end: '',
    }
  },
} satisfies Record<ExportFormat, unknown>

function objectText<Row>(columns: Columns<Row>, row: Row): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(columns).map(([name, cell]) => [name, cell(row)])),
  )
}
